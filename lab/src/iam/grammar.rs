//! What IAM refuses in an identity policy, in its own few words and in the order in which it looks.
//!
//! IAM says far less than the policy module knows, and takes some of what that module would rather not: an action with
//! spaces in its name, a condition on a key without a vendor (it never holds). The order was learnt from the answers of IAM
//! that the public test suites of other emulators record.

use serde_json::{Map, Value};

use crate::policy::{Operator, date};

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
const PREFACED: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const ONE_COLON: &str = "Actions/Condition can contain only one colon.";
const VENDOR: &str = "Resource vendor must be fully qualified and cannot contain regexes.";
const IAM_PATHS: &str = "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, \
                         instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, \
                         report/, access-report/.";

/// Services whose ARNs have no Region.
const WITHOUT_REGION: [&str; 2] = ["iam", "s3"];
/// What S3 has beside buckets and objects, in a Region and of an account.
const S3_WITH_REGION: [&str; 5] = ["accesspoint/", "job/", "storage-lens/", "storage-lens-group/", "access-grants/"];

type Object = Map<String, Value>;

/// Why IAM refuses the document; none if it does not.
pub(super) fn refusal(document: &Value) -> Option<String> {
    check(document).err()
}

fn check(document: &Value) -> Result<(), String> {
    let root = syntax(document.as_object())?;
    let statements = check_syntax(root)?;
    if root.get("Version").and_then(Value::as_str) != Some("2012-10-17") {
        return Err("Policy document must be version 2012-10-17 or greater.".to_owned());
    }
    for statement in &statements {
        check_legacy(statement)?;
    }
    check_sids(&statements)?;
    for statement in &statements {
        if texts(statement, "Action", "NotAction").is_empty() {
            return Err("Policy statement must contain actions.".to_owned());
        }
    }
    for statement in &statements {
        texts(statement, "Resource", "NotResource").iter().try_for_each(|resource| check_resource(resource))?;
    }
    for statement in &statements {
        texts(statement, "Action", "NotAction").iter().try_for_each(|action| check_action(action))?;
    }
    match statements.iter().any(|statement| texts(statement, "Resource", "NotResource").is_empty()) {
        true => Err("Policy statement must contain resources.".to_owned()),
        false => Ok(()),
    }
}

fn syntax<T>(value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| SYNTAX.to_owned())
}

fn require(holds: bool) -> Result<(), String> {
    syntax(holds.then_some(()))
}

fn check_syntax(root: &Object) -> Result<Vec<&Object>, String> {
    require(root.keys().all(|key| matches!(key.as_str(), "Version" | "Id" | "Statement")))?;
    require(matches!(root.get("Version").map(Value::as_str), None | Some(Some("2012-10-17" | "2008-10-17"))))?;
    require(root.get("Id").is_none_or(Value::is_string))?;
    let statements: Vec<&Value> = match syntax(root.get("Statement"))? {
        Value::Array(list) => list.iter().collect(),
        single => vec![single],
    };
    require(!statements.is_empty())?;
    let statements = statements.into_iter().map(|one| syntax(one.as_object())).collect::<Result<Vec<_>, _>>()?;
    for statement in &statements {
        check_statement(statement)?;
    }
    Ok(statements)
}

fn check_statement(statement: &Object) -> Result<(), String> {
    const FIELDS: [&str; 7] = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") {
        return Err("Policy document should not specify a principal.".to_owned());
    }
    require(statement.keys().all(|key| FIELDS.contains(&key.as_str())))?;
    require(statement.get("Sid").is_none_or(Value::is_string))?;
    let effect = syntax(statement.get("Effect").and_then(Value::as_str))?;
    require(["Allow", "Deny"].iter().any(|known| known.eq_ignore_ascii_case(effect)))?;
    for (plain, negated) in [("Action", "NotAction"), ("Resource", "NotResource")] {
        require(!(statement.contains_key(plain) && statement.contains_key(negated)))?;
        let is_text_or_list = |value: &Value| match value {
            Value::Array(list) => list.iter().all(Value::is_string),
            other => other.is_string(),
        };
        require([plain, negated].iter().filter_map(|field| statement.get(*field)).all(is_text_or_list))?;
    }
    let Some(conditions) = statement.get("Condition") else { return Ok(()) };
    for (name, keys) in syntax(conditions.as_object())? {
        let keys = syntax(keys.as_object())?;
        // An operator that nothing is compared with may have any name.
        require(keys.is_empty() || Operator::parse(name).is_some())?;
        let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        let is_scalar_or_list = |value: &Value| match value {
            Value::Array(list) => list.iter().all(is_scalar),
            other => is_scalar(other),
        };
        require(keys.values().all(is_scalar_or_list))?;
    }
    Ok(())
}

/// What an older parser of IAM's trips over: an effect in other letters, an ARN that is too short, a date that is none.
fn check_legacy(statement: &Object) -> Result<(), String> {
    let effect = statement.get("Effect").and_then(Value::as_str).unwrap_or_default();
    if !matches!(effect, "Allow" | "Deny") {
        return Err(LEGACY.to_owned());
    }
    for resource in texts(statement, "Resource", "NotResource") {
        let parts: Vec<&str> = resource.splitn(6, ':').collect();
        // At a partition that does not exist it stops: that is said later, in words of its own.
        if parts.get(1).is_some_and(|partition| !is_partition(partition)) {
            break;
        }
        // Three parts stand for all that begin so; four and five are neither, and no part before the Region may be empty.
        let has_no_service = parts.len() > 3 && parts.get(2).is_some_and(|service| service.is_empty());
        if parts.first() == Some(&"arn") && (matches!(parts.len(), 4 | 5) || has_no_service) {
            return Err(LEGACY.to_owned());
        }
    }
    let conditions = statement.get("Condition").and_then(Value::as_object);
    for (name, keys) in conditions.into_iter().flatten() {
        if !name.to_ascii_lowercase().contains("date") {
            continue;
        }
        for values in keys.as_object().into_iter().flat_map(Map::values) {
            let list = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
            if list.iter().filter_map(Value::as_str).any(|text| !date::could_be(text)) {
                return Err(LEGACY.to_owned());
            }
        }
    }
    Ok(())
}

fn check_sids(statements: &[&Object]) -> Result<(), String> {
    let sids: Vec<&str> = statements.iter().filter_map(|statement| statement.get("Sid")?.as_str()).collect();
    let twice = sids.iter().enumerate().any(|(at, sid)| !sid.is_empty() && sids[..at].contains(sid));
    match twice {
        true => Err("Statement IDs (SID) in a single policy must be unique.".to_owned()),
        false => Ok(()),
    }
}

fn check_resource(resource: &str) -> Result<(), String> {
    if resource == "*" {
        return Ok(());
    }
    if !resource.contains(':') {
        return Err(format!("Resource {resource} must be in ARN format or \"*\"."));
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let partition = parts.get(1).copied().unwrap_or_default();
    if !is_partition(partition) {
        let mut full: Vec<&str> = parts.iter().skip(1).copied().collect();
        full.resize(full.len().max(5), "*");
        let arn = format!("arn:{}", full.join(":"));
        return Err(format!("Partition \"{partition}\" is not valid for resource \"{arn}\"."));
    }
    let Some(service) = parts.get(2) else { return Err(VENDOR.to_owned()) };
    if service.contains(['*', '?']) && parts.len() > 3 {
        return Err(VENDOR.to_owned());
    }
    let region = parts.get(3).copied().unwrap_or_default();
    let has_region =
        *service == "s3" && parts.get(5).is_some_and(|path| S3_WITH_REGION.iter().any(|kind| path.starts_with(kind)));
    if WITHOUT_REGION.contains(service) && !has_region && !matches!(region, "" | "*") {
        return Err(match *service {
            "iam" => format!("IAM resource {resource} cannot contain region information."),
            _ => format!("Resource {resource} can not contain region information."),
        });
    }
    if *service == "iam" && parts.get(5).is_some_and(|path| !is_iam_path(path)) {
        return Err(IAM_PATHS.to_owned());
    }
    Ok(())
}

fn is_partition(partition: &str) -> bool {
    matches!(partition, "aws" | "aws-cn" | "aws-us-gov" | "*")
}

fn is_iam_path(path: &str) -> bool {
    const KINDS: [&str; 13] = [
        "user/",
        "federated-user/",
        "role/",
        "group/",
        "instance-profile/",
        "mfa/",
        "server-certificate/",
        "policy/",
        "sms-mfa/",
        "saml-provider/",
        "oidc-provider/",
        "report/",
        "access-report/",
    ];
    path.starts_with(['*', '$']) || path == "root" || KINDS.iter().any(|kind| path.starts_with(kind))
}

fn check_action(action: &str) -> Result<(), String> {
    let Some((vendor, name)) = action.split_once(':') else {
        return if action == "*" { Ok(()) } else { Err(PREFACED.to_owned()) };
    };
    if name.contains(':') {
        return Err(ONE_COLON.to_owned());
    }
    match !vendor.is_empty() && vendor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
        true => Ok(()),
        false => Err(format!("Vendor {vendor} is not valid")),
    }
}

/// The texts of the one of two fields that is there.
fn texts<'a>(statement: &'a Object, plain: &str, negated: &str) -> Vec<&'a str> {
    match statement.get(plain).or_else(|| statement.get(negated)) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
