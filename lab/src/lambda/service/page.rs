//! Lists in pages: `Marker`, `MaxItems`, `NextMarker`.

use super::create::within;
use super::name::invalid;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;

/// The most elements that one page has, whatever the caller asks for.
const PAGE: usize = 50;

/// One page of a list, and the marker of the next. A marker names the last element that was given, so that it stays good
/// when elements come and go. `most` is the highest `MaxItems` that the operation takes.
///
/// The elements come with the keys that markers name them by, in the keys' order.
pub(super) fn page<T>(
    call: &Call,
    most: u32,
    all: impl Iterator<Item = (String, T)>,
) -> Result<(Vec<T>, Option<String>), AwsError> {
    let wanted = match call.query("MaxItems") {
        None => PAGE,
        Some(text) => {
            let number = text.parse().map_err(|_| invalid(&text, "maxItems", "Member must be a whole number"))?;
            (within("maxItems", number, 1, most)? as usize).min(PAGE)
        }
    };
    let after = call.query("Marker");
    let mut rest = all.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let (mut page, mut last) = (Vec::new(), None);
    for (key, element) in rest.by_ref().take(wanted) {
        page.push(element);
        last = Some(key);
    }
    let more = rest.next().is_some();
    Ok((page, last.filter(|_| more)))
}
