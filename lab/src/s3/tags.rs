//! The tags of a bucket: what S3 takes, and where a request has them.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

use crate::gateway::error::AwsError;

/// Tags by their keys, or why S3 would not take them.
pub(super) fn checked(pairs: impl IntoIterator<Item = (String, String)>) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for (key, value) in pairs {
        if key.is_empty() || key.chars().count() > 128 || key.starts_with("aws:") {
            return Err(AwsError::bad_request("InvalidTag", "The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(AwsError::bad_request("InvalidTag", "The TagValue you have provided is invalid"));
        }
        if tags.insert(key, value).is_some() {
            return Err(AwsError::bad_request("InvalidTag", "Cannot provide multiple Tags with the same key"));
        }
    }
    if tags.len() > 50 {
        return Err(AwsError::bad_request("BadRequest", "Bucket tag count cannot be greater than 50"));
    }
    Ok(tags)
}

/// The tags that a `CreateBucketConfiguration` gives the new bucket. `s3s` does not know them yet; that the body is XML at
/// all it has checked.
///
/// Source: "CreateBucketConfiguration" in the S3 API reference.
pub(super) fn of_creation(body: &[u8]) -> Vec<(String, String)> {
    let mut reader = Reader::from_reader(body);
    let (mut path, mut pairs) = (Vec::new(), Vec::<(String, String)>::new());
    loop {
        let text = match reader.read_event() {
            Ok(Event::Start(start)) => {
                path.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
                if path.last().is_some_and(|name| name == "Tag") {
                    pairs.push(Default::default());
                }
                continue;
            }
            Ok(Event::End(_)) => {
                path.pop();
                continue;
            }
            Ok(Event::Text(text)) => String::from_utf8_lossy(&text).into_owned(),
            Ok(Event::GeneralRef(reference)) => {
                let reference = format!("&{};", String::from_utf8_lossy(&reference));
                unescape(&reference).map(|text| text.into_owned()).unwrap_or_default()
            }
            Ok(Event::Eof) | Err(_) => return pairs,
            Ok(_) => continue,
        };
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match (names.as_slice(), pairs.last_mut()) {
            ([_, "Tags", "Tag", "Key"], Some((key, _))) => key.push_str(&text),
            ([_, "Tags", "Tag", "Value"], Some((_, value))) => value.push_str(&text),
            _ => {}
        }
    }
}
