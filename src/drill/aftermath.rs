//! What came after: somebody else changed a drill's group in answer to the alert, and that change raised an alert of its own.
//!
//! A drill is not failed by it, and does not wait for it: what the queue has heard by the end of the run is looked at once.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::observation::{Observation, Sighting};
use crate::diagnosis::Answer;
use crate::report::ActionReport;
use crate::target::{AGENT, Clock};

/// The changes that others than runs have made of the groups of these drills' actions, after those, and that the topic told of:
/// each once.
pub(super) fn answers(observations: &[Observation], actions: &[&ActionReport], clock: &Clock) -> Vec<Answer> {
    let mut seen: Vec<(&str, Answer)> = Vec::new();
    for observation in observations {
        let Sighting::Queue { event, .. } = &observation.sighting else { continue };
        let record = &event["detail"];
        let Some(event_id) = record["eventID"].as_str() else { continue };
        let is_known = seen.iter().any(|(known, _)| *known == event_id);
        if is_known || !is_of_another(record) || !actions.iter().any(|action| is_answer(record, action, clock)) {
            continue;
        }
        seen.push((event_id, Answer::of(record)));
    }
    seen.into_iter().map(|(_, answer)| answer).collect()
}

/// Whether a record is of a call of EC2's that no run has made, neither this one nor another.
fn is_of_another(record: &Value) -> bool {
    let is_of_a_run = record["userAgent"].as_str().is_some_and(|agent| agent.contains(AGENT));
    !is_of_a_run && record["eventSource"] == "ec2.amazonaws.com"
}

/// Whether a record names the group that a drill has changed, and is not older than that by this machine's clock. Records have
/// whole seconds: it may be of the end of its own.
fn is_answer(record: &Value, action: &ActionReport, clock: &Clock) -> bool {
    let time = record["eventTime"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let is_later = time.is_some_and(|time| clock.here(time) + SignedDuration::from_secs(1) > action.started_at);
    is_later && record["requestParameters"].to_string().contains(&action.group_id)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use serde_json::json;

    use super::*;

    fn heard(event_id: &str, agent: &str, group: &str, time: &str) -> Observation {
        let event = json!({ "detail": {
            "eventID": event_id, "eventName": "RevokeSecurityGroupIngress", "eventSource": "ec2.amazonaws.com",
            "eventTime": time, "userAgent": agent, "requestParameters": { "groupId": group },
            "userIdentity": { "type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/closer/closer" },
        } });
        let sighting = Sighting::Queue { event, message_id: "m".to_owned(), published: None };
        Observation { at: Instant::now(), time: Timestamp::now(), sighting }
    }

    #[test]
    fn only_the_answers_of_others_to_a_drill_are_named_and_each_once() {
        let (before, after) = ("2026-03-14T16:02:18Z", "2026-03-14T16:02:19Z");
        let observations = [
            heard("of-this-run", "aws-sdk-rust app/alert-drill-run-1", "sg-1", after),
            heard("of-an-earlier-run", "aws-sdk-rust app/alert-drill-run-0", "sg-1", after),
            heard("before-the-drill", "Boto3/1.40", "sg-1", before),
            heard("of-another-group", "Boto3/1.40", "sg-2", after),
            heard("the-answer", "Boto3/1.40", "sg-1", after),
            heard("the-answer", "Boto3/1.40", "sg-1", after),
        ];
        let action = ActionReport {
            call: "AuthorizeSecurityGroupIngress".to_owned(),
            what: String::new(),
            request_id: None,
            group_id: "sg-1".to_owned(),
            rule_ids: Vec::new(),
            started_at: "2026-03-14T16:02:19.4Z".parse().unwrap(),
        };
        let who = "arn:aws:sts::123456789012:assumed-role/closer/closer";
        let named = format!("RevokeSecurityGroupIngress by {who} at {after} (the-answer)");
        let answers = answers(&observations, &[&action], &Clock::default());
        assert_eq!(answers, [Answer { words: named, function_arn: None }]);
    }
}
