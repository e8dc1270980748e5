//! The forms in which AWS writes a time.

use jiff::Timestamp;

/// UTC to the second, `2023-07-10T12:10:03Z`: CloudTrail's `eventTime` and EventBridge's `time`.
pub(crate) fn seconds(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// UTC to the millisecond, `2023-07-10T12:10:03.123Z`: EC2, SNS and most XML answers.
pub(crate) fn millis(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Seconds since 1970 with a fraction: the JSON protocols.
pub(crate) fn epoch(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}
