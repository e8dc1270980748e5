//! Pages of a hundred.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

use super::error::invalid;
use crate::gateway::error::AwsError;

/// How many entries SNS gives at once.
const PAGE: usize = 100;

/// One page of entries, and the token of the next.
pub(super) fn page<T>(entries: Vec<T>, token: Option<&str>) -> Result<(Vec<T>, Option<String>), AwsError> {
    let skipped = match token {
        None | Some("") => 0,
        Some(token) => URL_SAFE
            .decode(token)
            .ok()
            .and_then(|text| String::from_utf8(text).ok()?.parse::<usize>().ok())
            .ok_or_else(|| invalid("NextToken"))?,
    };
    let total = entries.len();
    let page: Vec<T> = entries.into_iter().skip(skipped).take(PAGE).collect();
    let end = skipped + page.len();
    let next = (end < total).then(|| URL_SAFE.encode(end.to_string()));
    Ok((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_and_are_whole() {
        let all: Vec<usize> = (0..250).collect();
        let (first, token) = page(all.clone(), None).unwrap();
        let (second, token) = page(all.clone(), token.as_deref()).unwrap();
        let (third, end) = page(all.clone(), token.as_deref()).unwrap();
        assert_eq!([first, second, third].concat(), all);
        assert_eq!(end, None);
        assert_eq!(page(all, Some("?")).unwrap_err().message, "Invalid parameter: NextToken");
    }
}
