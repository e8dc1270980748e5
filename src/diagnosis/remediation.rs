//! The answer to an alert, where it is a change that raises an alert of its own; and the pattern that lets it pass.
//!
//! What is left out is what a *function* does with credentials of its own, which a record says in `userIdentity.inScopeOf`. It is never
//! a role or a person: whoever could take on a role that no alarm rings for would have found the way round it.
//!
//! Source: "CloudTrail userIdentity element" in the CloudTrail user guide, and "Using the or operator" of event patterns in
//! EventBridge's.

use serde_json::{Map, Value, json};

use crate::inspection::function_arn;

/// A change of a security group that answered an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Which call, by whom, when, and its event.
    pub(crate) words: String,
    /// The function that made it, by ARN; none where the record names none.
    pub(crate) function_arn: Option<String>,
}

impl Answer {
    /// What a record says.
    pub(crate) fn of(record: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let [name, time, event_id] = ["eventName", "eventTime", "eventID"].map(|field| text(&record[field]));
        let identity = &record["userIdentity"];
        let who = identity["arn"].as_str().or(identity["type"].as_str()).unwrap_or("?");
        Self {
            words: format!("{name} by {who} at {time} ({event_id})"),
            function_arn: function_arn(record).map(str::to_owned),
        }
    }
}

/// The pattern, which matches no longer what the functions of these answers do themselves; none where no function made them, or
/// where the pattern says something else of who may have been it.
pub(super) fn without(pattern: &str, answers: &[Answer]) -> Option<String> {
    let mut pattern: Value = serde_json::from_str(pattern).ok()?;
    let made_by = answers.iter().filter_map(|answer| answer.function_arn.as_deref());
    let mut scope = &mut pattern;
    for name in ["detail", "userIdentity", "inScopeOf"] {
        scope = scope.as_object_mut()?.entry(name).or_insert_with(|| Map::new().into());
    }
    let ways = scope.as_object_mut()?.entry("$or").or_insert_with(|| left_out(Vec::new()));
    let mut functions: Vec<String> =
        serde_json::from_value(ways[0]["credentialsIssuedTo"][0]["anything-but"].clone()).ok()?;
    if *ways != left_out(functions.clone()) {
        return None;
    }
    for arn in made_by {
        if !functions.iter().any(|known| known == arn) {
            functions.push(arn.to_owned());
        }
    }
    if functions.is_empty() {
        return None;
    }
    *ways = left_out(functions);
    Some(pattern.to_string())
}

/// What a pattern says of `inScopeOf` so that it does not match what these functions do. `anything-but` matches no event that lacks
/// the field, as one of a person does.
fn left_out(functions: Vec<String>) -> Value {
    json!([
        { "credentialsIssuedTo": [{ "anything-but": functions }] },
        { "credentialsIssuedTo": [{ "exists": false }] },
    ])
}

#[cfg(test)]
mod tests {
    use alert_drill_lab::pattern::Pattern;

    use super::*;

    const CLOSER: &str = "arn:aws:lambda:ap-northeast-2:111122223333:function:closer";

    fn answer(function_arn: Option<&str>) -> Answer {
        Answer { words: String::new(), function_arn: function_arn.map(str::to_owned) }
    }

    fn event(identity: Value) -> Value {
        json!({ "source": "aws.ec2", "detail": { "eventName": "RevokeSecurityGroupIngress", "userIdentity": identity } })
    }

    fn by(function_arn: &str) -> Value {
        event(json!({ "type": "AssumedRole", "inScopeOf": { "credentialsIssuedTo": function_arn } }))
    }

    #[test]
    fn the_function_passes_and_everybody_else_still_rings() {
        for standing in [
            r#"{"source":["aws.ec2"],"detail":{"eventName":["RevokeSecurityGroupIngress"]}}"#,
            r#"{"source":["aws.ec2"]}"#,
        ] {
            let other = format!("{CLOSER}-2");
            let once = without(standing, &[answer(None), answer(Some(CLOSER)), answer(Some(CLOSER))]).unwrap();
            let pattern = Pattern::parse(&once).unwrap();
            assert!(!pattern.matches(&by(CLOSER)), "{once}");
            for heard in [by(&other), event(json!({ "type": "Root" })), event(json!({ "type": "IAMUser", "arn": "a" }))]
            {
                assert!(pattern.matches(&heard), "{once} does not match {heard}");
            }
            // The second one joins the first.
            let twice = without(&once, &[answer(Some(&other))]).unwrap();
            let pattern = Pattern::parse(&twice).unwrap();
            assert!(!pattern.matches(&by(CLOSER)) && !pattern.matches(&by(&other)), "{twice}");
            assert_eq!(without(&twice, &[answer(Some(CLOSER))]).unwrap(), twice, "what is left out already");
        }
    }

    #[test]
    fn nobody_is_left_out_but_functions_and_nothing_that_stands_is_undone() {
        assert_eq!(without(r#"{"source":["aws.ec2"]}"#, &[answer(None)]), None);
        for standing in [
            r#"{"detail":{"userIdentity":{"inScopeOf":{"$or":[{"issuerType":["a"]},{"issuerType":["b"]}]}}}}"#,
            r#"{"detail":{"userIdentity":[{"exists":true}]}}"#,
            "not JSON",
        ] {
            assert_eq!(without(standing, &[answer(Some(CLOSER))]), None, "{standing}");
        }
    }
}
