//! The trails, as a snapshot shows them.

use serde_json::{Value, json};

use super::CloudTrail;
use super::trail::Trail;
use crate::snapshot::by_name;

impl CloudTrail {
    /// All trails, by ARN. When they last wrote is left out, as it is history.
    pub(crate) fn snapshot(&self) -> Value {
        Value::Object(by_name(self.trails().iter().map(|(arn, trail)| (arn, of_trail(trail)))))
    }
}

fn of_trail(trail: &Trail) -> Value {
    json!({
        "bucket": trail.bucket,
        "is_logging": trail.status.logging,
        "is_multi_region": trail.multi_region,
        "global_service_events": trail.global_events(),
        "log_file_validation": trail.validation(),
        "prefix": trail.prefix,
        "selectors": trail.selectors,
        "tags": trail.tags,
    })
}
