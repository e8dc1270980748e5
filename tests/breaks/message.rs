//! What people read in the channel.

use jiff::Timestamp;
use serde_json::Value;

use crate::bench::Seen;

/// The message as it must be: seven fields, a line each.
pub(crate) fn assert_right(seen: &Seen) {
    let [message] = seen.discord.as_slice() else { panic!("one message: {:#?}", seen.discord) };
    let record = &seen.record;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for (label, value) in [
        ("이벤트", text(&record["eventName"])),
        ("보안 그룹 ID", seen.group_id.clone()),
        ("시간(KST)", time(record, 9)),
        ("사용자 ARN", text(&record["userIdentity"]["arn"])),
        ("소스 IP", text(&record["sourceIPAddress"])),
        ("리전", text(&record["awsRegion"])),
        ("계정 ID", text(&record["recipientAccountId"])),
    ] {
        assert_eq!(field(message, label), Some(value.as_str()), "{label}: {message}");
    }
}

/// Asserts that the message is wrong as this break makes it, and in nothing else.
pub(crate) fn assert_wrong(name: &str, seen: &Seen) {
    let [message] = seen.discord.as_slice() else { panic!("one message: {:#?}", seen.discord) };
    match name {
        "message-literal-newlines" => {
            assert_eq!(message.lines().count(), 1, "{message}");
            let mended = vec![message.replace("\\n", "\n")];
            assert_right(&Seen {
                discord: mended,
                deliveries: Vec::new(),
                record: seen.record.clone(),
                group_id: seen.group_id.clone(),
                ..*seen
            });
        }
        "message-utc-as-kst" => assert_eq!(field(message, "시간(KST)").unwrap(), time(&seen.record, 0), "{message}"),
        "message-without-group" => assert_eq!(field(message, "보안 그룹 ID"), Some("N/A"), "{message}"),
        other => panic!("what is wrong with the message of {other}?"),
    }
}

/// The value of the line that begins with this label.
pub(crate) fn field<'a>(message: &'a str, label: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.strip_prefix(label)?.strip_prefix(": "))
}

/// The record's time in a zone of so many hours.
fn time(record: &Value, hours: i8) -> String {
    let at: Timestamp = record["eventTime"].as_str().unwrap().parse().unwrap();
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(hours));
    at.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
