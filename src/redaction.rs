//! Taking secrets out of a text that leaves the machine.
//!
//! A text may quote what a target, a function or the system said, and so anything. Two things are taken out: values that are known
//! to be secret, wherever they stand, and what stands where a secret stands in the addresses of webhooks and in signed URLs.

/// What a secret is replaced with.
const HIDDEN: &str = "…";

/// Shorter than any secret: a value such as `test` would take ordinary words out of the text.
const SHORTEST: usize = 8;

/// Behind these words of an address a secret begins, and ends with the first character that is not part of it.
const BEFORE_SECRETS: [&str; 6] = [
    "/webhooks/",
    "hooks.slack.com/",
    "X-Amz-Security-Token=",
    "X-Amz-Signature=",
    "X-Amz-Credential=",
    "aws_session_token=",
];

/// The variables of the environment whose values are secret.
const VARIABLES: [&str; 2] = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

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
            text = without_what_follows(&text, before);
        }
        without_user(&text)
    }
}

/// The text without the part of an address that follows `before`.
fn without_what_follows(text: &str, before: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(before) {
        let (kept, behind) = rest.split_at(at + before.len());
        out.push_str(kept);
        // `&` ends a parameter of a query.
        let end = behind.find(|c: char| !is_of_url(c) || c == '&').unwrap_or(behind.len());
        if end > 0 {
            out.push_str(HIDDEN);
        }
        rest = &behind[end..];
    }
    out + rest
}

/// The text without name and password in front of hosts.
fn without_user(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (kept, behind) = rest.split_at(at + 3);
        out.push_str(kept);
        let end = behind.find(|c: char| !is_of_url(c) || matches!(c, '/' | '?' | '#')).unwrap_or(behind.len());
        let user = behind[..end].rfind('@');
        rest = match user {
            Some(user) => {
                out.push_str(HIDDEN);
                &behind[user..]
            }
            None => behind,
        };
    }
    out + rest
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
}
