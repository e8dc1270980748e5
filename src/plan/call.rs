//! From a call on the tape to a call of the plan: what of it is shown, and by which names.

use serde_json::Map;

use super::{Phase, PlannedCall};
use crate::target::Taped;

/// The last parts of the names of parameters that say what a call is about, in the order in which they are shown. None of them can
/// hold a secret.
const SHOWN: [&str; 45] = [
    "Bucket",
    "Key",
    "S3BucketName",
    "Name",
    "TrailName",
    "TrailNameList",
    "Rule",
    "TargetArn",
    "Arn",
    "TopicArn",
    "Protocol",
    "Endpoint",
    "SubscriptionArn",
    "AttributeName",
    "QueueName",
    "QueueUrl",
    "QueueOwnerAWSAccountId",
    "FunctionName",
    "Runtime",
    "StatementId",
    "Principal",
    "SourceArn",
    "RoleName",
    "RoleArn",
    "PolicyArn",
    "logGroupName",
    "KeyId",
    "GroupName",
    "GroupId",
    "SecurityGroupId",
    "SecurityGroupRuleId",
    "ResourceId",
    "InstanceId",
    "ImageId",
    "InstanceType",
    "IpProtocol",
    "FromPort",
    "ToPort",
    "CidrIp",
    "CidrIpv6",
    "CidrIpv4",
    "DryRun",
    "AttributeKey",
    "Value",
    "EventBusName",
];

/// Parameters below these are the tags and the policies of what is made.
const HIDDEN: [&str; 9] = [
    "TagSpecification",
    "Tags",
    "tags",
    "TagsList",
    "Environment",
    "Attributes",
    "Code",
    "CreateBucketConfiguration",
    "MessageAttributes",
];

/// Calls that are made as long as something is waited for, or as often as there is something by then.
const POLLS: [&str; 4] = ["ReceiveMessage", "DeleteMessageBatch", "DeleteObject", "GetFunction"];

/// What the rehearsal knows by another name than the run would.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The rehearsal's run.
    pub(crate) run_id: String,
    /// The last part of it, which names of resources have.
    pub(crate) short: String,
    /// The group that stands: its id in the rehearsal, and its own.
    pub(crate) group: Option<(String, String)>,
}

impl Names {
    /// A text with the names that the run would use.
    pub(crate) fn in_the_plan(&self, text: &str) -> String {
        // A bucket's name has less of it than the others.
        let end = format!("-{}", &self.run_id[self.run_id.len().saturating_sub(8)..]);
        let known = self.known(text).replace(&self.run_id, "RUN_ID").replace(&self.short, "RUN_ID");
        let known = known.replace(&end, "-RUN_ID");
        let mut out = String::with_capacity(known.len());
        for part in known.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
            let word = part.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            match self.made(word) {
                Some(made) => out.push_str(&format!("{made}{}", &part[word.len()..])),
                None => out.push_str(part),
            }
        }
        out
    }

    /// A text with the own id of the group that stands.
    pub(super) fn known(&self, text: &str) -> String {
        match &self.group {
            Some((rehearsed, own)) => text.replace(rehearsed, own),
            None => text.to_owned(),
        }
    }

    /// What the run would make and what nobody can name yet, where this word is the rehearsal's name of it.
    pub(super) fn made(&self, word: &str) -> Option<String> {
        if word.len() == 36 && uuid::Uuid::try_parse(word).is_ok() {
            return Some("NEW".to_owned());
        }
        let (kind, id) = word.split_once('-')?;
        let is_id = id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let is_standing = self.group.as_ref().is_some_and(|(_, own)| own == word);
        (["sg", "sgr", "i", "eni"].contains(&kind) && is_id && !is_standing).then(|| format!("{kind}-NEW"))
    }
}

impl PlannedCall {
    /// The call as the plan shows it.
    pub(super) fn of(taped: &Taped, phase: Phase, drill: Option<String>, names: &Names) -> Self {
        let asked = &taped.asked;
        let mut shown: Vec<(usize, &str, String)> = Vec::new();
        for (name, value) in &asked.parameters {
            let mut parts = name.split('.');
            let is_hidden = parts.next().is_some_and(|first| HIDDEN.contains(&first));
            // Behind the number of an element stands what it is an element of.
            let last = name.rsplit('.').find(|part| part.parse::<u32>().is_err()).unwrap_or_default();
            // A lease's end is another one in each run, and so are a trail's files.
            let is_another = name.starts_with("Tag.") && last == "Value" || asked.service == "s3" && last == "Key";
            let Some(position) = SHOWN.iter().position(|shown| *shown == last && !is_hidden && !is_another) else {
                continue;
            };
            let value = match last {
                "QueueUrl" => value.rsplit('/').next().unwrap_or_default(),
                _ => value.as_str(),
            };
            shown.push((position, name, names.in_the_plan(value)));
        }
        shown.sort_by_key(|(position, ..)| *position);
        let parameters: Map<_, _> = shown.into_iter().map(|(_, name, value)| (name.to_owned(), value.into())).collect();
        Self {
            phase,
            drill,
            call: format!("{}:{}", asked.service, asked.operation),
            changes: !(asked.reads || asked.operation == "ReceiveMessage"),
            repeats: POLLS.contains(&asked.operation.as_str()),
            parameters,
            dry_run: None,
        }
    }

    /// Whether this is the same call once more.
    pub(super) fn repeats_with(&self, other: &Self) -> bool {
        self.repeats && self.call == other.call && self.parameters == other.parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_yet_is_new_and_what_stands_has_its_own() {
        let names = Names {
            run_id: "01939c2e-0000-7000-8000-0123456789ab".to_owned(),
            short: "ba9876543210".to_owned(),
            group: Some(("sg-0aaaaaaaaaaaaaaaa".to_owned(), "sg-0bbbbbbbbbbbbbbbb".to_owned())),
        };
        for (text, wanted) in [
            ("sg-0aaaaaaaaaaaaaaaa", "sg-0bbbbbbbbbbbbbbbb"),
            ("sgr-0123456789abcdef0", "sgr-NEW"),
            ("i-0123456789abcdef0", "i-NEW"),
            ("alert-drill-queue-ba9876543210", "alert-drill-queue-RUN_ID"),
            ("alert-drill 01939c2e-0000-7000-8000-0123456789ab/1", "alert-drill RUN_ID/1"),
            ("arn:aws:sns:r:a:t:6c63a118-4337-4c04-88d1-46ac34c8bca0", "arn:aws:sns:r:a:t:NEW"),
            ("bucket-123456789012-456789ab", "bucket-123456789012-RUN_ID"),
            ("securitygroup-test", "securitygroup-test"),
            ("ami-0123456789abcdef0", "ami-0123456789abcdef0"),
            ("203.0.113.0/24", "203.0.113.0/24"),
        ] {
            assert_eq!(names.in_the_plan(text), wanted);
        }
    }
}
