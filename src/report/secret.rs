//! What no report may show: the token of a webhook, with which anybody can post to the channel.
//!
//! alert-drill itself never writes one. A function may: Python's `requests`, for one, names the whole address in its error.

use std::borrow::Cow;

/// What stands before a webhook's id in its address.
const MARK: &str = "/webhooks/";

/// The fewest characters that are taken for a token; Discord's have 68.
const SHORTEST: usize = 20;

/// The text with an ellipsis in the place of each webhook's token.
pub(super) fn without_tokens(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let after = at + MARK.len();
        let id = rest[after..].bytes().take_while(u8::is_ascii_digit).count();
        let token = rest[after + id..].strip_prefix('/').map_or(0, |token| {
            token.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count()
        });
        let (kept, next) = match id > 0 && token >= SHORTEST {
            true => (after + id + 1, after + id + 1 + token),
            false => (after, after),
        };
        shown.push_str(&rest[..kept]);
        if next > kept {
            shown.push('…');
        }
        rest = &rest[next..];
    }
    if shown.is_empty() {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_cut_out_wherever_it_stands() {
        let token = "aZ09_-".repeat(11);
        let text = format!("404 for url: https://discord.com/api/v10/webhooks/12345/{token}?wait=true, and {token}x");
        let shown = without_tokens(&text);
        assert_eq!(shown, format!("404 for url: https://discord.com/api/v10/webhooks/12345/…?wait=true, and {token}x"));
        let twice = format!("/webhooks/1/{token}/webhooks/2/{token}");
        assert_eq!(without_tokens(&twice), "/webhooks/1/…/webhooks/2/…");
    }

    #[test]
    fn what_is_no_token_stays() {
        for text in
            ["", "/webhooks/", "/webhooks/ID/TOKEN", "https://discord.com/api/webhooks/1/…", "/webhooks/1/short"]
        {
            assert_eq!(without_tokens(text), text);
        }
    }
}
