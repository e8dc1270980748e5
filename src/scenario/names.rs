//! The names in a scenario, each with the rule that AWS (or Discord) sets for it.
//!
//! A name that AWS would refuse is refused here already, with the place in the file, and not after half of the pipeline
//! has been built.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a written value is refused, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// What is wrong, as a whole sentence without its full stop.
    pub reason: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Refused {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

macro_rules! written {
    ($(#[$meta:meta])* $name:ident, $what:literal, $check:expr, $pattern:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(extend("pattern" = $pattern))]
        pub struct $name(String);

        impl $name {
            /// The value as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Refused;

            fn from_str(written: &str) -> Result<Self, Refused> {
                let check: fn(&str) -> Result<(), Refused> = $check;
                match check(written) {
                    Ok(()) => Ok(Self(written.to_owned())),
                    Err(refused) => Err(Refused {
                        reason: format!(concat!("`{}` is not ", $what, ": {}"), written, refused.reason),
                        hint: refused.hint,
                    }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = Refused;

            fn try_from(written: String) -> Result<Self, Refused> {
                written.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

written!(
    /// A scenario's name: lower-case words joined by hyphens.
    ScenarioName,
    "a scenario name",
    kebab,
    "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
);
written!(
    /// A drill's name: lower-case words joined by hyphens, unique in the file.
    DrillName,
    "a drill name",
    kebab,
    "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
);
written!(
    /// An AWS Region, such as `ap-northeast-2`.
    Region,
    "a Region",
    region,
    "^[a-z]{2,4}(-[a-z]+)+-[0-9]+$"
);
written!(
    /// A trail's name: 3 to 128 letters, digits, periods, underscores and hyphens (CloudTrail `CreateTrail`).
    TrailName,
    "a trail name",
    trail,
    "^[A-Za-z0-9]([._-]?[A-Za-z0-9])*$"
);
written!(
    /// The beginning of the bucket's name. The account id and the run id are appended, so it has at most 37 characters
    /// (a bucket's name has 63).
    BucketPrefix,
    "the beginning of a bucket name",
    bucket_prefix,
    "^[a-z0-9][a-z0-9-]{1,35}[a-z0-9]$"
);
written!(
    /// A rule's name: 1 to 64 letters, digits, periods, underscores and hyphens (EventBridge `PutRule`).
    RuleName,
    "a rule name",
    |name| length(name, 1, 64).and_then(|()| only(name, "._-")),
    "^[A-Za-z0-9._-]{1,64}$"
);
written!(
    /// A topic's name: 1 to 256 letters, digits, underscores and hyphens (SNS `CreateTopic`). A FIFO topic cannot send
    /// e-mail, so it cannot be part of this pipeline.
    TopicName,
    "a topic name",
    topic,
    "^[A-Za-z0-9_-]{1,256}$"
);
written!(
    /// A function's name: 1 to 64 letters, digits, underscores and hyphens (Lambda `CreateFunction`).
    FunctionName,
    "a function name",
    |name| length(name, 1, 64).and_then(|()| only(name, "_-")),
    "^[A-Za-z0-9_-]{1,64}$"
);
written!(
    /// A security group's name: up to 255 of the characters that EC2 allows, not beginning with `sg-`.
    GroupName,
    "a security group name",
    group_name,
    "^(?!sg-)[A-Za-z0-9 ._:/()#,@\\[\\]+=&;{}!$*-]{1,255}$"
);
written!(
    /// A security group's description: up to 255 of the characters that EC2 allows (no Hangul).
    GroupDescription,
    "a security group description",
    |text| length(text, 1, 255).and_then(|()| only(text, GROUP_CHARACTERS)),
    "^[A-Za-z0-9 ._:/()#,@\\[\\]+=&;{}!$*-]{1,255}$"
);
written!(
    /// The instance's name (its tag `Name`): 1 to 256 characters.
    InstanceName,
    "an instance name",
    |name| length(name, 1, 256),
    "^.{1,256}$"
);
written!(
    /// An instance type, such as `t3.micro`.
    InstanceType,
    "an instance type",
    instance_type,
    "^[a-z][a-z0-9-]*\\.[a-z0-9-]+$"
);
written!(
    /// The instance's image, as EC2 `RunInstances` takes it: an id (`ami-…`), or `resolve:ssm:` and the name of a
    /// parameter that holds one.
    Image,
    "an image",
    image,
    "^(ami-[0-9a-f]{8}([0-9a-f]{9})?|resolve:ssm:[A-Za-z0-9._/-]+)$"
);
written!(
    /// A text channel's name in Discord: 1 to 100 characters, no capitals and no spaces.
    ChannelName,
    "a channel name",
    channel,
    "^[^\\sA-Z]{1,100}$"
);
written!(
    /// An e-mail address.
    EmailAddress,
    "an e-mail address",
    email,
    "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$"
);
written!(
    /// An environment variable's name: a letter, then letters, digits and underscores, two characters at least; not one
    /// that Lambda reserves.
    VariableName,
    "an environment variable name",
    variable,
    "^[A-Za-z][A-Za-z0-9_]+$"
);
written!(
    /// A function's handler: up to 128 characters without spaces.
    Handler,
    "a handler",
    |name| length(name, 1, 128).and_then(|()| no_spaces(name)),
    "^[^\\s]{1,128}$"
);
written!(
    /// A file or folder of the scenario, relative to the scenario file, with `/` between folders. It stays inside the
    /// scenario's folder.
    ScenarioPath,
    "a path inside the scenario's folder",
    scenario_path,
    "^[^/\\\\]"
);

/// What a bucket's name still has to take after its prefix: `-`, the account id, `-`, and the twelve last characters of
/// the run id.
const BUCKET_SUFFIX: usize = 1 + 12 + 1 + 12;
const GROUP_CHARACTERS: &str = " ._-:/()#,@[]+=&;{}!$*";
const RESERVED_VARIABLES: [&str; 17] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
];

fn length(text: &str, min: usize, max: usize) -> Result<(), Refused> {
    match text.chars().count() {
        0 => Err(Refused::new("it is empty")),
        n if n < min => Err(Refused::new(format!("it has {n} characters, and {min} is the least"))),
        n if n > max => Err(Refused::new(format!("it has {n} characters, and {max} is the most"))),
        _ => Ok(()),
    }
}

/// Only ASCII letters, digits and `others`.
fn only(text: &str, others: &str) -> Result<(), Refused> {
    match text.chars().find(|&c| !c.is_ascii_alphanumeric() && !others.contains(c)) {
        None => Ok(()),
        Some(c) => {
            let others: Vec<String> = others.chars().map(|c| format!("`{c}`")).collect();
            Err(Refused::new(format!("`{c}` is not allowed"))
                .hint(format!("it may have the letters A to Z and a to z, digits, and {}", others.join(" "))))
        }
    }
}

fn no_spaces(text: &str) -> Result<(), Refused> {
    if text.contains(char::is_whitespace) { Err(Refused::new("it has a space")) } else { Ok(()) }
}

fn kebab(name: &str) -> Result<(), Refused> {
    length(name, 1, 64)?;
    let words_are_right = name
        .split('-')
        .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    if words_are_right && name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(());
    }
    let refused = Refused::new("it is made of lower-case words joined by hyphens");
    let better: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let better = better.join("-");
    Err(if better.starts_with(|c: char| c.is_ascii_lowercase()) {
        refused.hint(format!("write `{better}`"))
    } else {
        refused.hint("write it like `open-inbound-port`")
    })
}

fn region(name: &str) -> Result<(), Refused> {
    let parts: Vec<&str> = name.split('-').collect();
    let lower = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    let right = match parts.as_slice() {
        [area, middle @ .., number] => {
            lower(area)
                && (2..=4).contains(&area.len())
                && !middle.is_empty()
                && middle.iter().all(lower)
                && !number.is_empty()
                && number.chars().all(|c| c.is_ascii_digit())
        }
        _ => false,
    };
    if right {
        return Ok(());
    }
    let zone = name.strip_suffix(|c: char| c.is_ascii_lowercase()).filter(|rest| region(rest).is_ok());
    Err(match zone {
        Some(rest) => Refused::new("it names an Availability Zone").hint(format!("write the Region: `{rest}`")),
        None => Refused::new("a Region has an area, a direction and a number").hint("write it like `ap-northeast-2`"),
    })
}

fn trail(name: &str) -> Result<(), Refused> {
    length(name, 3, 128)?;
    only(name, "._-")?;
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.ends_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(Refused::new("it begins and ends with a letter or a digit"));
    }
    let sign = |c: &u8| !c.is_ascii_alphanumeric();
    if name.as_bytes().windows(2).any(|pair| pair.iter().all(sign)) {
        return Err(Refused::new("two of `.`, `_` and `-` stand side by side"));
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err(Refused::new("it looks like an IP address"));
    }
    Ok(())
}

fn bucket_prefix(name: &str) -> Result<(), Refused> {
    length(name, 3, 63 - BUCKET_SUFFIX).map_err(|refused| {
        refused.hint("a bucket name has 63 characters, and the account id and the run id are appended to this one")
    })?;
    if name.contains(|c: char| c.is_ascii_uppercase()) {
        return Err(Refused::new("it has a capital letter").hint(format!("write `{}`", name.to_ascii_lowercase())));
    }
    only(name, "-")
        .map_err(|refused| Refused { hint: Some("it may have a to z, digits, and `-`".into()), ..refused })?;
    if name.starts_with('-') || name.ends_with('-') {
        return Err(Refused::new("it begins and ends with a letter or a digit"));
    }
    for reserved in ["xn--", "sthree-", "amzn-s3-demo-"] {
        if name.starts_with(reserved) {
            return Err(Refused::new(format!("S3 reserves names that begin with `{reserved}`")));
        }
    }
    Ok(())
}

fn topic(name: &str) -> Result<(), Refused> {
    if let Some(standard) = name.strip_suffix(".fifo") {
        return Err(Refused::new("a FIFO topic cannot send e-mail").hint(format!("write `{standard}`")));
    }
    length(name, 1, 256)?;
    only(name, "_-")
}

fn group_name(name: &str) -> Result<(), Refused> {
    length(name, 1, 255)?;
    if name.starts_with("sg-") {
        return Err(Refused::new("it begins with `sg-`, as only ids do"));
    }
    only(name, GROUP_CHARACTERS)
}

fn instance_type(name: &str) -> Result<(), Refused> {
    let part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    match name.split_once('.') {
        Some((family, size)) if part(family) && part(size) && family.starts_with(|c: char| c.is_ascii_lowercase()) => {
            Ok(())
        }
        _ => Err(Refused::new("it has a family, a point and a size").hint("write it like `t3.micro`")),
    }
}

fn image(name: &str) -> Result<(), Refused> {
    let id = name
        .strip_prefix("ami-")
        .is_some_and(|id| [8, 17].contains(&id.len()) && id.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')));
    let parameter =
        name.strip_prefix("resolve:ssm:").is_some_and(|path| only(path, "._/-").is_ok() && !path.is_empty());
    if id || parameter {
        return Ok(());
    }
    let refused = Refused::new("it is neither an image id nor a parameter that holds one");
    Err(if name.starts_with("/aws/service/") {
        refused.hint(format!("write `resolve:ssm:{name}`"))
    } else {
        refused.hint("write `ami-` and 8 or 17 hexadecimal digits, or `resolve:ssm:` and the parameter's name")
    })
}

fn channel(name: &str) -> Result<(), Refused> {
    length(name, 1, 100)?;
    if let Some(name) = name.strip_prefix('#') {
        return Err(Refused::new("`#` is not part of it").hint(format!("write `{name}`")));
    }
    if name.contains(|c: char| c.is_whitespace() || c.is_uppercase()) {
        let better = name.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
        return Err(Refused::new("Discord allows no capitals and no spaces in it").hint(format!("write `{better}`")));
    }
    Ok(())
}

fn email(address: &str) -> Result<(), Refused> {
    no_spaces(address)?;
    match address.split('@').collect::<Vec<_>>().as_slice() {
        [user, domain]
            if !user.is_empty() && domain.split('.').count() > 1 && !domain.split('.').any(str::is_empty) =>
        {
            Ok(())
        }
        _ => Err(Refused::new("it has a name, one `@` and a domain").hint("write it like `security-team@example.com`")),
    }
}

fn variable(name: &str) -> Result<(), Refused> {
    if RESERVED_VARIABLES.contains(&name) {
        return Err(Refused::new("Lambda sets this one itself"));
    }
    length(name, 2, 256)?;
    only(name, "_")?;
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        Ok(())
    } else {
        Err(Refused::new("it begins with a letter"))
    }
}

fn scenario_path(path: &str) -> Result<(), Refused> {
    length(path, 1, 255)?;
    if path.contains('\\') {
        return Err(Refused::new("it has a `\\`").hint(format!("write `{}`", path.replace('\\', "/"))));
    }
    if path.starts_with('/') || path.contains(':') {
        return Err(Refused::new("it is absolute").hint("write it relative to the scenario file"));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(Refused::new("it leaves the scenario's folder").hint("keep the file beside the scenario file"));
    }
    if path.split('/').any(|part| part.is_empty() || part == ".") {
        return Err(Refused::new("it has an empty part").hint("write it like `event-pattern.json`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: FromStr<Err = Refused> + fmt::Debug>(written: &str) -> String {
        let refused = written.parse::<T>().unwrap_err();
        format!("{} ({})", refused.reason, refused.hint.unwrap_or_default())
    }

    #[test]
    fn names_of_the_workbook_are_accepted() {
        assert!("ct-securitygroup".parse::<TrailName>().is_ok());
        assert!("ct-securitygroup-bucket".parse::<BucketPrefix>().is_ok());
        assert!("eventbridge-securitygroup-changerule".parse::<RuleName>().is_ok());
        assert!("sns-securitygroup-alarm".parse::<TopicName>().is_ok());
        assert!("보안그룹-알림".parse::<ChannelName>().is_ok(), "Discord allows Hangul");
        for region in ["ap-northeast-2", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"] {
            assert!(region.parse::<Region>().is_ok(), "{region}");
        }
    }

    #[test]
    fn a_refused_name_says_why_and_what_to_write() {
        assert_eq!(
            refusal::<DrillName>("Open Inbound_Port"),
            "`Open Inbound_Port` is not a drill name: it is made of lower-case words joined by hyphens \
             (write `open-inbound-port`)"
        );
        assert_eq!(
            refusal::<Region>("ap-northeast-2a"),
            "`ap-northeast-2a` is not a Region: it names an Availability Zone (write the Region: `ap-northeast-2`)"
        );
        assert_eq!(
            refusal::<TopicName>("alarm.fifo"),
            "`alarm.fifo` is not a topic name: a FIFO topic cannot send e-mail (write `alarm`)"
        );
        assert!(refusal::<TrailName>("a--b").contains("side by side"));
        assert!(refusal::<TrailName>("192.168.5.4").contains("IP address"));
        assert!(refusal::<BucketPrefix>(&"b".repeat(38)).contains("37 is the most"));
        assert!(refusal::<RuleName>(&"r".repeat(65)).contains("64 is the most"));
        assert!(refusal::<FunctionName>("a.b").contains("`.` is not allowed"));
        assert!(refusal::<GroupName>("sg-test").contains("as only ids do"));
        assert!(refusal::<GroupDescription>("보안 그룹").contains("`보` is not allowed"));
        assert!(refusal::<VariableName>("AWS_REGION").contains("Lambda sets this one itself"));
        assert!(refusal::<ScenarioPath>("../secret.json").contains("leaves the scenario's folder"));
        assert!(refusal::<ScenarioPath>("/etc/passwd").contains("absolute"));
        assert!(refusal::<Image>("/aws/service/x").contains("write `resolve:ssm:/aws/service/x`"));
        assert!(refusal::<EmailAddress>("security-team@example").contains("one `@` and a domain"));
    }
}
