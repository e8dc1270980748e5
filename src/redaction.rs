//! Taking secrets out of a text that leaves the machine.
//!
//! A text may quote what a target, a function or the system said, and so anything. Two things are taken out: values that are known
//! to be secret, wherever they stand, and what stands where a secret stands in the addresses of webhooks and in signed URLs.

use std::borrow::Cow;
use std::ops::Range;

/// What a secret is replaced with.
const HIDDEN: &str = "…";

/// Shorter than any secret: a value such as `test` would take ordinary words out of the text.
const SHORTEST: usize = 8;

/// What stands before a webhook's id in its address.
const WEBHOOKS: &str = "/webhooks/";

/// The fewest characters that are taken for a webhook's token; Discord's have 68.
const SHORTEST_TOKEN: usize = 20;

/// Behind these words of an address a secret begins, and ends with the first character that is not part of it.
const BEFORE_SECRETS: [&str; 6] = [
    WEBHOOKS,
    "hooks.slack.com/",
    "X-Amz-Security-Token=",
    "X-Amz-Signature=",
    "X-Amz-Credential=",
    "aws_session_token=",
];

/// The variables of the environment whose values are secret.
const VARIABLES: [&str; 3] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ALERT_DRILL_DISCORD_BOT_TOKEN"];

/// What is known to be secret.
#[derive(Clone, Default)]
pub(crate) struct Redaction {
    known: Vec<String>,
}

impl Redaction {
    /// The secrets that the environment holds.
    pub(crate) fn of_environment() -> Self {
        VARIABLES.into_iter().filter_map(|name| std::env::var(name).ok()).fold(Self::default(), Self::and)
    }

    /// One more secret.
    pub(crate) fn and(mut self, secret: String) -> Self {
        if secret.len() >= SHORTEST {
            self.known.push(secret);
        }
        self
    }

    /// The text without secrets.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = self.known.iter().fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN));
        for before in BEFORE_SECRETS {
            text = without_what_follows(&text, before).into_owned();
        }
        without_user(&text).into_owned()
    }
}

/// The text with an ellipsis in place of each webhook's token, with which anybody can post to the channel. Everything else
/// stays, the webhook's id too: this is for reports, which stay with whoever runs the harness.
///
/// alert-drill itself never writes a token. A function may: Python's `requests`, for one, names the whole address in its error.
pub(crate) fn without_tokens(text: &str) -> Cow<'_, str> {
    cut(text, WEBHOOKS, |behind| {
        let id = behind.bytes().take_while(u8::is_ascii_digit).count();
        let token = behind[id..].strip_prefix('/')?;
        let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let length = token.bytes().take_while(is_of_token).count();
        (id > 0 && length >= SHORTEST_TOKEN).then_some(id + 1..id + 1 + length)
    })
}

/// The text without the part of an address that follows `before`.
fn without_what_follows<'a>(text: &'a str, before: &str) -> Cow<'a, str> {
    cut(text, before, |behind| {
        // `&` ends a parameter of a query.
        let end = behind.find(|c: char| !is_of_url(c) || c == '&').unwrap_or(behind.len());
        (end > 0).then_some(0..end)
    })
}

/// The text without name and password in front of hosts.
fn without_user(text: &str) -> Cow<'_, str> {
    cut(text, "://", |behind| {
        let end = behind.find(|c: char| !is_of_url(c) || matches!(c, '/' | '?' | '#')).unwrap_or(behind.len());
        behind[..end].rfind('@').map(|user| 0..user)
    })
}

/// The text with an ellipsis for what `secret` finds, each time, in what stands behind `before`.
fn cut<'a>(text: &'a str, before: &str, secret: impl Fn(&str) -> Option<Range<usize>>) -> Cow<'a, str> {
    let (mut out, mut rest, mut is_cut) = (String::new(), text, false);
    while let Some(at) = rest.find(before) {
        let (kept, behind) = rest.split_at(at + before.len());
        out.push_str(kept);
        rest = behind;
        if let Some(secret) = secret(behind) {
            out.push_str(&behind[..secret.start]);
            out.push_str(HIDDEN);
            rest = &behind[secret.end..];
            is_cut = true;
        }
    }
    if !is_cut {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn is_of_url(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&*+,;=%".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_taken_out_wherever_it_stands() {
        let redaction = Redaction::default().and("wJalrXUtnFEMI/K7MDENG".to_owned()).and("test".to_owned());
        assert_eq!(redaction.redact("key=wJalrXUtnFEMI/K7MDENG, a test"), "key=…, a test");
    }

    #[test]
    fn addresses_lose_their_secrets_and_nothing_else() {
        let redaction = Redaction::default();
        for (text, wanted) in [
            (
                "posting to https://discord.com/api/webhooks/123/abc-DEF_1?wait=true failed",
                "posting to https://discord.com/api/webhooks/… failed",
            ),
            ("'https://hooks.slack.com/services/T0/B0/xyz' said no", "'https://hooks.slack.com/…' said no"),
            (
                "https://s3/x?X-Amz-Credential=AKIA/1&X-Amz-Signature=0f&b=1",
                "https://s3/x?X-Amz-Credential=…&X-Amz-Signature=…&b=1",
            ),
            ("http://user:pa@ss@host:4566/path", "http://…@host:4566/path"),
            ("nothing://here and a@b.c", "nothing://here and a@b.c"),
            ("열린 포트 https://example.com/", "열린 포트 https://example.com/"),
        ] {
            assert_eq!(redaction.redact(text), wanted);
        }
    }

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
