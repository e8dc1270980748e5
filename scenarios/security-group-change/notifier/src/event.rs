//! The SNS messages of a Lambda event.

use aws_lambda_events::event::sns::SnsRecord;
use serde_json::Value;

/// One SNS message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// SNS's id of the message.
    pub message_id: Option<String>,
    /// The subject; EventBridge sets none.
    pub subject: Option<String>,
    /// The message: from EventBridge, the event as JSON.
    pub message: String,
}

/// The SNS messages of an event. An event that did not come from SNS, such as one that a rule sends to the function
/// directly, is one message itself; nothing that arrives here is dropped.
#[must_use]
pub fn notices(event: &Value) -> Vec<Notice> {
    match event.get("Records").and_then(Value::as_array) {
        Some(records) if !records.is_empty() => records.iter().map(notice).collect(),
        _ => vec![Notice { message: event.to_string(), ..Notice::default() }],
    }
}

fn notice(record: &Value) -> Notice {
    if let Ok(SnsRecord { sns, .. }) = serde_json::from_value(record.clone()) {
        return Notice { message_id: Some(sns.message_id), subject: sns.subject, message: sns.message };
    }
    // A record made by hand, as for a test in the console, lacks what SNS always sends.
    let sns = record.get("Sns").unwrap_or(record);
    let text = |key: &str| sns.get(key).and_then(Value::as_str).map(str::to_owned);
    let message = text("Message").or_else(|| sns.get("Message").map(Value::to_string));
    Notice {
        message_id: text("MessageId"),
        subject: text("Subject"),
        message: message.unwrap_or_else(|| record.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_record_gives_its_message() {
        let whole = json!({
            "EventSource": "aws:sns", "EventVersion": "1.0",
            "EventSubscriptionArn": "arn:aws:sns:ap-northeast-2:111122223333:sns-securitygroup-alarm:1",
            "Sns": {
                "Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:ap-northeast-2:111122223333:t",
                "Subject": null, "Message": "one", "Timestamp": "2026-11-24T03:00:00.000Z", "SignatureVersion": "1",
                "Signature": "s", "SigningCertUrl": "https://example.com", "UnsubscribeUrl": "https://example.com",
                "MessageAttributes": {},
            },
        });
        let by_hand = json!({ "Sns": { "Message": "two", "Subject": "test" } });
        let structured = json!({ "Sns": { "Message": { "eventName": "three" } } });
        let odd = json!({ "body": "four" });
        let found = notices(&json!({ "Records": [whole, by_hand, structured, odd] }));
        let messages: Vec<_> = found.iter().map(|notice| notice.message.as_str()).collect();
        assert_eq!(messages, ["one", "two", r#"{"eventName":"three"}"#, r#"{"body":"four"}"#]);
        assert_eq!(found[0].message_id.as_deref(), Some("m-1"));
        assert_eq!(found[1].subject.as_deref(), Some("test"));
    }

    #[test]
    fn an_event_without_records_is_a_message_itself() {
        for event in [json!({ "detail-type": "x" }), json!({ "Records": [] }), json!(null), json!("text")] {
            assert_eq!(notices(&event)[0].message, event.to_string());
        }
    }
}
