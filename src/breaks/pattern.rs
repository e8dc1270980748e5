//! Breaks of the rule's event pattern: the rule stands there, enabled, and never matches.

use serde_json::{Value, json};

/// What is done to the event pattern that stands on the rule.
#[derive(Debug)]
pub(super) enum Rewrite {
    /// The field of this path has this one value.
    Set(&'static [&'static str], &'static str),
    /// The field of this path must be there at all.
    Require(&'static [&'static str]),
    /// The member of `detail` has another name.
    Rename(&'static str, &'static str),
    /// The event names are in lower case.
    LowerCaseNames,
    /// These event names are not there.
    Without(&'static [&'static str]),
}

impl Rewrite {
    /// The pattern, rewritten; none where it has not what is to be rewritten.
    pub(super) fn of(&self, standing: &Value) -> Option<Value> {
        let mut pattern = standing.clone();
        match self {
            Self::Set(path, value) => *at(&mut pattern, path)? = json!([value]),
            Self::Require(path) => *at(&mut pattern, path)? = json!([{ "exists": true }]),
            Self::Rename(from, to) => {
                // In its place: a slip of the pen does not move a line.
                let detail = pattern.get_mut("detail")?.as_object_mut()?;
                if !detail.contains_key(*from) && !detail.contains_key(*to) {
                    return None;
                }
                let renamed = |name: String| if name == *from { (*to).to_owned() } else { name };
                *detail = std::mem::take(detail).into_iter().map(|(name, value)| (renamed(name), value)).collect();
            }
            Self::LowerCaseNames => {
                for name in event_names(&mut pattern)? {
                    if let Value::String(name) = name {
                        *name = name.to_lowercase();
                    }
                }
            }
            Self::Without(names) => {
                event_names(&mut pattern)?.retain(|name| !name.as_str().is_some_and(|name| names.contains(&name)));
            }
        }
        Some(pattern)
    }
}

fn event_names(pattern: &mut Value) -> Option<&mut Vec<Value>> {
    pattern.get_mut("detail")?.get_mut("eventName")?.as_array_mut()
}

/// The field of this path, made where it is not there.
fn at<'a>(pattern: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(pattern, |value, name| {
        if value.is_null() {
            *value = json!({});
        }
        Some(value.as_object_mut()?.entry(*name).or_insert(Value::Null))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern() -> Value {
        json!({
            "source": ["aws.ec2"],
            "detail": { "eventName": ["AuthorizeSecurityGroupIngress", "DeleteSecurityGroup"], "eventSource": ["ec2.amazonaws.com"] },
        })
    }

    #[test]
    fn one_thing_is_rewritten_and_the_rest_stands() {
        let rewritten = Rewrite::Rename("eventName", "eventname").of(&pattern()).unwrap();
        assert_eq!(
            rewritten.to_string(),
            pattern().to_string().replace("eventName", "eventname"),
            "the order of the members stays"
        );
        let rewritten = Rewrite::Without(&["AuthorizeSecurityGroupIngress"]).of(&pattern()).unwrap();
        assert_eq!(rewritten["detail"]["eventName"], json!(["DeleteSecurityGroup"]));
        let rewritten = Rewrite::Set(&["detail-type"], "AWS API Call").of(&pattern()).unwrap();
        assert_eq!(rewritten["detail-type"], json!(["AWS API Call"]));
        let rewritten = Rewrite::Require(&["detail", "errorCode"]).of(&pattern()).unwrap();
        assert_eq!(rewritten["detail"]["errorCode"], json!([{ "exists": true }]));
    }

    #[test]
    fn what_is_not_there_is_not_rewritten() {
        assert_eq!(Rewrite::LowerCaseNames.of(&json!({ "source": ["aws.ec2"] })), None);
        assert_eq!(Rewrite::Rename("eventName", "eventname").of(&json!({ "detail": {} })), None);
    }

    #[test]
    fn what_is_so_already_stays_the_same() {
        for rewrite in [Rewrite::Rename("eventName", "eventname"), Rewrite::LowerCaseNames] {
            let once = rewrite.of(&pattern()).unwrap();
            assert_ne!(once, pattern());
            if !matches!(rewrite, Rewrite::Rename(..)) {
                assert_eq!(rewrite.of(&once).unwrap(), once);
            }
        }
        let renamed = Rewrite::Rename("eventName", "eventname");
        let once = renamed.of(&pattern()).unwrap();
        assert_eq!(renamed.of(&once).unwrap(), once);
    }
}
