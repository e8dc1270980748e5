//! The keys and their aliases, as a snapshot shows them: never their material.

use serde_json::{Value, json};

use super::Kms;
use super::key::Key;
use crate::snapshot::by_name;

impl Kms {
    /// All keys, by account and Region.
    pub(crate) fn snapshot(&self) -> Value {
        self.rings.snapshot(|ring| {
            if ring.keys.is_empty() {
                return json!({});
            }
            json!({
                "keys": by_name(ring.keys.iter().map(|(id, key)| (id, of_key(key)))),
                "aliases": by_name(ring.aliases.iter().map(|(name, alias)| (name, &alias.key_id))),
            })
        })
    }
}

fn of_key(key: &Key) -> Value {
    json!({
        "arn": key.arn,
        "description": key.description,
        "state": key.state.name(),
        "managed": key.managed,
        "policy": key.policy.text(),
        "rotation_days": key.rotation_days,
        "tags": key.tags,
    })
}
