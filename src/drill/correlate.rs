//! Whose alert is it? Set-up and clean-up fire the same rule, and so do drills side by side and other people.
//!
//! From the strongest tie to the weakest: the request's id or the rule's id, which the caller alone knows; the rule's
//! description with the run's id; group, event name and time, which anyone's call may share, and which the report calls
//! `weak`.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::trigger::Performed;

/// How much later than the call a record's time may be and still count as a weak match. Records carry whole seconds, and what is
/// known of two clocks is known to half a second.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(5);

/// What tied an alert to a drill, strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Group, event name and time.
    Weak,
    /// The rule's description, which has the run's id.
    Description,
    /// The id of the security-group rule.
    RuleId,
    /// The `eventID` of a record that was itself tied to the drill.
    EventId,
    /// The id of the request.
    RequestId,
}

/// What ties this EventBridge event to the drill that made the call, if anything does.
pub(super) fn event(event: &Value, performed: &Performed) -> Option<Strength> {
    let record = event.get("detail")?;
    if record.get("eventName")?.as_str()? != performed.call {
        return None;
    }
    match (&performed.request_id, record.get("requestID").and_then(Value::as_str)) {
        (Some(wanted), Some(seen)) if wanted == seen => return Some(Strength::RequestId),
        // Both are known and differ: it is another call, however alike the rest is.
        (Some(_), Some(_)) => return None,
        _ => {}
    }
    let text = record.to_string();
    if performed.rule_ids.iter().any(|id| text.contains(id.as_str())) {
        return Some(Strength::RuleId);
    }
    if text.contains(&performed.marker) {
        return Some(Strength::Description);
    }
    let time: Timestamp = record.get("eventTime")?.as_str()?.parse().ok()?;
    let time = performed.clock.here(time);
    let near = (time - performed.started_at).abs() <= Timestamp::now().duration_since(performed.started_at) + TOLERANCE;
    (near && text.contains(&performed.group_id)).then_some(Strength::Weak)
}

/// What ties a message of the channel to the drill. `event_ids` are the records that are known to be the drill's.
///
/// A message that names an event is that event's alone, however alike the rest is: until the record is known, nothing ties
/// it. A message that names none, as a simpler notifier's, is tied by what it does say.
pub(super) fn message(content: &str, performed: &Performed, event_ids: &[String]) -> Option<Strength> {
    let contains = |id: &String| content.contains(id.as_str());
    if event_ids.iter().any(contains) {
        return Some(Strength::EventId);
    }
    if performed.request_id.as_ref().is_some_and(contains) {
        return Some(Strength::RequestId);
    }
    // Set-up and clean-up touch the same rules and the same group: it must at least be the drill's own call.
    if names_an_event(content, &performed.marker) || !content.contains(performed.call) {
        return None;
    }
    if performed.rule_ids.iter().any(contains) {
        return Some(Strength::RuleId);
    }
    if content.contains(&performed.marker) {
        return Some(Strength::Description);
    }
    content.contains(&performed.group_id).then_some(Strength::Weak)
}

/// Whether what Discord refused may have been the drill's message: it is tied to the drill, or names nothing that would make it
/// another's, as an empty one does.
pub(super) fn may_be(text: &str, performed: &Performed, event_ids: &[String]) -> bool {
    let names_something =
        || names_an_event(text, &performed.marker) || ["sg-", "sgr-"].iter().any(|id| text.contains(id));
    message(text, performed, event_ids).is_some() || !names_something()
}

/// Whether a message names the drill's call, and neither an event nor any group or rule: whose it is cannot be told.
pub(super) fn is_ambiguous(content: &str, performed: &Performed) -> bool {
    content.contains(performed.call)
        && !names_an_event(content, &performed.marker)
        && !["sg-", "sgr-"].iter().any(|id| content.contains(id))
}

/// Whether a text has a UUID in it other than the run's id, which the description of every rule of the run has.
fn names_an_event(content: &str, marker: &str) -> bool {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut words = content.split(|c| !is_part(c));
    words.any(|word| word.len() == 36 && uuid::Uuid::try_parse(word).is_ok() && !marker.contains(word))
}

/// `eventID` of the record that an event carries.
pub(super) fn event_id(event: &Value) -> Option<&str> {
    event.get("detail")?.get("eventID")?.as_str()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;

    fn performed() -> Performed {
        Performed {
            call: "AuthorizeSecurityGroupIngress",
            what: "opens tcp 22".to_owned(),
            request_id: Some("request-1".to_owned()),
            rule_ids: vec!["sgr-1".to_owned()],
            group_id: "sg-1".to_owned(),
            marker: "alert-drill run/1".to_owned(),
            started: Instant::now(),
            started_at: Timestamp::now(),
            took: Duration::from_millis(1),
            clock: crate::target::Clock::default(),
            refused: None,
        }
    }

    fn record(request_id: &str, rest: Value) -> Value {
        json!({ "detail": {
            "eventName": "AuthorizeSecurityGroupIngress", "eventTime": Timestamp::now().to_string(),
            "requestID": request_id, "requestParameters": rest,
        } })
    }

    #[test]
    fn the_request_id_is_the_strongest_tie_and_a_different_one_excludes() {
        let performed = performed();
        assert_eq!(event(&record("request-1", Value::Null), &performed), Some(Strength::RequestId));
        let other = record("request-2", json!({ "groupId": "sg-1", "description": "alert-drill run/1" }));
        assert_eq!(event(&other, &performed), None, "another call on the same group, such as the clean-up");
    }

    #[test]
    fn without_a_request_id_the_rest_counts_in_order() {
        let performed = Performed { request_id: None, ..performed() };
        let strength = |rest| event(&record("?", rest), &performed);
        assert_eq!(strength(json!({ "securityGroupRuleId": "sgr-1", "groupId": "sg-1" })), Some(Strength::RuleId));
        assert_eq!(strength(json!({ "description": "alert-drill run/1" })), Some(Strength::Description));
        assert_eq!(strength(json!({ "groupId": "sg-1" })), Some(Strength::Weak));
        assert_eq!(strength(json!({ "groupId": "sg-2" })), None);
    }

    #[test]
    fn a_message_that_names_an_event_is_tied_by_it_alone() {
        let performed = performed();
        let id = "6c63a118-4337-4c04-88d1-46ac34c8bca0".to_owned();
        let named = format!("AuthorizeSecurityGroupIngress sg-1 sgr-1 {id}");
        assert_eq!(message(&named, &performed, std::slice::from_ref(&id)), Some(Strength::EventId));
        assert_eq!(message(&named, &performed, &[]), None, "its record is not known yet, or is another call's");
    }

    #[test]
    fn a_message_that_names_nothing_but_the_call_is_nobodys() {
        let performed = performed();
        assert!(is_ambiguous("AuthorizeSecurityGroupIngress by on-duty", &performed));
        assert!(!is_ambiguous("AuthorizeSecurityGroupIngress sg-2", &performed), "another group's");
        assert!(!is_ambiguous("RevokeSecurityGroupIngress by on-duty", &performed), "another call's");
    }

    #[test]
    fn a_message_that_names_none_is_tied_by_what_it_says() {
        let performed =
            Performed { marker: "alert-drill 01939c2e-0000-7000-8000-000000000000/1".to_owned(), ..performed() };
        let tied = |content: &str| message(content, &performed, &[]);
        assert_eq!(tied("AuthorizeSecurityGroupIngress sg-1"), Some(Strength::Weak));
        assert_eq!(tied("AuthorizeSecurityGroupIngress sgr-1"), Some(Strength::RuleId));
        assert_eq!(tied(&format!("AuthorizeSecurityGroupIngress {}", performed.marker)), Some(Strength::Description));
        assert_eq!(tied(&format!("RevokeSecurityGroupIngress sg-1 sgr-1 {}", performed.marker)), None, "the clean-up");
    }
}
