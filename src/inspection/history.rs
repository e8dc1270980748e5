//! What the functions of the alarm have done to security groups themselves, by CloudTrail's event history.
//!
//! A function calls AWS in a session that has its name, so that `LookupEvents` finds its calls by it, of the last 90 days. The
//! newest page is looked at.

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use serde_json::Value;

use super::{Fact, FunctionFacts, Unknown, answered, name_and_qualifier};
use crate::target::Target;

const LOOKUP_EVENTS: &str = "cloudtrail:LookupEvents";

/// The records of EC2's that the functions have made, newest first; of each function that is there.
pub(crate) async fn read(target: &Target, functions: &[FunctionFacts]) -> Fact<Vec<Value>> {
    let mut records = Vec::new();
    let mut asked: Vec<&str> = Vec::new();
    for function in functions.iter().filter(|function| matches!(function.configuration, Ok(Some(_)))) {
        let (name, _) = name_and_qualifier(&function.arn);
        // Two subscriptions may name two versions of one function.
        if !asked.contains(&name) {
            asked.push(name);
            records.extend(of(target, name, &function.arn).await?);
        }
    }
    Ok(records)
}

async fn of(target: &Target, name: &str, arn: &str) -> Fact<Vec<Value>> {
    let mut records = look_up(target, LookupAttributeKey::Username, name).await?;
    // Somebody else's session may have the name as well.
    let is_own =
        |record: &Value| function_arn(record).is_some_and(|own| arn == own || arn.starts_with(&format!("{own}:")));
    records.retain(|record| record["eventSource"] == "ec2.amazonaws.com" && is_own(record));
    Ok(records)
}

/// The newest page of the records of which this is true, newest first.
pub(crate) async fn look_up(target: &Target, key: LookupAttributeKey, value: &str) -> Fact<Vec<Value>> {
    let attribute = LookupAttribute::builder().attribute_key(key).attribute_value(value).build();
    let attribute = attribute.map_err(|error| Unknown::here(LOOKUP_EVENTS, error.to_string()))?;
    let looked_up = target.clients.cloudtrail.lookup_events().lookup_attributes(attribute).send().await;
    let looked_up = answered(LOOKUP_EVENTS, looked_up)?;
    let records = looked_up.events().iter().filter_map(|event| event.cloud_trail_event());
    Ok(records.filter_map(|record| serde_json::from_str(record).ok()).collect())
}

/// The function whose credentials a call was made with, by ARN.
pub(crate) fn function_arn(record: &Value) -> Option<&str> {
    let scope = &record["userIdentity"]["inScopeOf"];
    scope["credentialsIssuedTo"].as_str().filter(|_| scope["issuerType"] == "AWS::Lambda::Function")
}
