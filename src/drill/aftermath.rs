//! What came after: somebody else changed a drill's group in answer to the alert, and that change raised an alert of its own.
//!
//! A drill is not failed by it, and does not wait for it: what the queue has heard by the end of the run is looked at once.

use serde_json::Value;

use super::observation::{Observation, Sighting};

/// The changes of these groups that others than this run have made and the topic told of, each once, in words.
pub(super) fn changes_of_others(observations: &[Observation], run_id: &str, group_ids: &[String]) -> Vec<String> {
    let mut seen: Vec<(&str, String)> = Vec::new();
    for observation in observations {
        let Sighting::Queue { event, .. } = &observation.sighting else { continue };
        let record = &event["detail"];
        let Some(event_id) = record["eventID"].as_str() else { continue };
        if seen.iter().any(|(known, _)| *known == event_id) || !is_of_another(record, run_id, group_ids) {
            continue;
        }
        let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let [name, time] = ["eventName", "eventTime"].map(|field| text(&record[field]));
        let identity = &record["userIdentity"];
        let who = identity["arn"].as_str().or(identity["type"].as_str()).unwrap_or("?");
        seen.push((event_id, format!("{name} by {who} at {time} ({event_id})")));
    }
    seen.into_iter().map(|(_, words)| words).collect()
}

/// Whether a record is of a call that somebody else made on one of these groups. The run's own calls have its id in the
/// user agent.
fn is_of_another(record: &Value, run_id: &str, group_ids: &[String]) -> bool {
    let is_own = record["userAgent"].as_str().is_some_and(|agent| agent.contains(run_id));
    let text = record["requestParameters"].to_string();
    !is_own && record["eventSource"] == "ec2.amazonaws.com" && group_ids.iter().any(|id| text.contains(id.as_str()))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn heard(event_id: &str, agent: &str, group: &str) -> Observation {
        let event = json!({ "detail": {
            "eventID": event_id, "eventName": "RevokeSecurityGroupIngress", "eventSource": "ec2.amazonaws.com",
            "eventTime": "2026-03-14T16:02:19Z", "userAgent": agent, "requestParameters": { "groupId": group },
            "userIdentity": { "type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/closer/closer" },
        } });
        let sighting = Sighting::Queue { event, message_id: "m".to_owned(), published: None };
        Observation { at: Instant::now(), time: Timestamp::now(), sighting }
    }

    #[test]
    fn only_the_changes_of_others_to_the_drills_groups_are_named_and_each_once() {
        let observations = [
            heard("e-1", "aws-sdk-rust app/alert-drill-run-1", "sg-1"),
            heard("e-2", "Boto3/1.40", "sg-1"),
            heard("e-2", "Boto3/1.40", "sg-1"),
            heard("e-3", "Boto3/1.40", "sg-2"),
        ];
        let named = changes_of_others(&observations, "run-1", &["sg-1".to_owned()]);
        let who = "arn:aws:sts::123456789012:assumed-role/closer/closer";
        assert_eq!(named, [format!("RevokeSecurityGroupIngress by {who} at 2026-03-14T16:02:19Z (e-2)")]);
    }
}
