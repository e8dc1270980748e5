//! Where a subscription delivers to: the protocol, and what an endpoint of it looks like.

use std::fmt;

use axum::http::Uri;

use super::error::invalid;
use crate::deliveries::Hop;
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// The protocols that the lab delivers by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Sqs,
    Lambda,
    Email,
    EmailJson,
    Http,
    Https,
}

impl Protocol {
    /// The protocol of this name, as `Subscribe` has it.
    pub(super) fn parse(name: &str) -> Result<Self, AwsError> {
        match name {
            "sqs" => Ok(Self::Sqs),
            "lambda" => Ok(Self::Lambda),
            "email" => Ok(Self::Email),
            "email-json" => Ok(Self::EmailJson),
            "http" => Ok(Self::Http),
            "https" => Ok(Self::Https),
            "sms" | "application" | "firehose" => {
                Err(AwsError::unsupported(format_args!("subscriptions with the protocol {name}")))
            }
            _ => Err(invalid(format_args!("Amazon SNS does not support this protocol string: {name}"))),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Lambda => "lambda",
            Self::Email => "email",
            Self::EmailJson => "email-json",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The hop that a delivery takes.
    pub(super) const fn hop(self) -> Hop {
        match self {
            Self::Sqs => Hop::Queue,
            Self::Lambda => Hop::Function,
            Self::Email | Self::EmailJson => Hop::Mail,
            Self::Http | Self::Https => Hop::Http,
        }
    }

    /// Whether the message can be delivered without its envelope.
    pub(super) const fn takes_raw(self) -> bool {
        matches!(self, Self::Sqs) || self.posts()
    }

    /// Whether a message is posted to a URL.
    pub(super) const fn posts(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    /// Whether an endpoint is one of this protocol's. SNS does not look whether it exists.
    pub(super) fn check(self, endpoint: &str) -> Result<(), AwsError> {
        match self {
            Self::Sqs if is_arn(endpoint, "sqs", 6) => Ok(()),
            Self::Sqs => Err(invalid("SQS endpoint ARN")),
            // A function's, a version's or an alias's.
            Self::Lambda if is_arn(endpoint, "lambda", 7) || is_arn(endpoint, "lambda", 8) => Ok(()),
            Self::Lambda => Err(invalid("Lambda endpoint ARN")),
            Self::Email | Self::EmailJson if is_mail_address(endpoint) => Ok(()),
            Self::Email | Self::EmailJson => Err(invalid("Email address")),
            Self::Http | Self::Https => match endpoint.parse::<Uri>() {
                Ok(uri) if uri.scheme_str() == Some(self.name()) && uri.host().is_some_and(|host| !host.is_empty()) => {
                    Ok(())
                }
                _ => Err(invalid("Endpoint must match the specified protocol")),
            },
        }
    }

    /// Whether a topic of this kind can have the subscription: FIFO topics have queues only, and FIFO queues are theirs.
    pub(super) fn check_kind(self, topic_is_fifo: bool, endpoint: &str) -> Result<(), AwsError> {
        let refuse = |reason: &str| Err(invalid(format_args!("Invalid parameter: Endpoint Reason: {reason}")));
        match (topic_is_fifo, self) {
            (true, Self::Sqs) => Ok(()),
            (true, _) => refuse("Please use FIFO SQS queue"),
            (false, Self::Sqs) if endpoint.ends_with(".fifo") => {
                refuse("FIFO SQS Queues can not be subscribed to standard SNS topics")
            }
            (false, _) => Ok(()),
        }
    }

    /// Whether the subscription needs no confirmation: a resource of the subscriber's own account.
    pub(super) fn is_own(self, endpoint: &str, account: &str) -> bool {
        matches!(self, Self::Sqs | Self::Lambda)
            && Scope::of_arn(endpoint).is_some_and(|scope| scope.account == account)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn is_arn(text: &str, service: &str, elements: usize) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    parts.len() == elements && parts[0] == "arn" && parts[2] == service && parts.iter().all(|part| !part.is_empty())
}

fn is_mail_address(text: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c == '@');
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        is_plain(local) && is_plain(domain) && domain.contains('.') && domain.split('.').all(|label| !label.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_must_be_of_their_protocol() {
        let refused = |protocol: &str, endpoint: &str| {
            let result = Protocol::parse(protocol).and_then(|protocol| protocol.check(endpoint));
            result.err().map(|error| error.message)
        };
        let queue = "arn:aws:sqs:ap-northeast-2:000000000000:q";
        let function = "arn:aws:lambda:ap-northeast-2:000000000000:function:f";
        assert_eq!(refused("sqs", queue), None);
        assert_eq!(refused("sqs", "http://localhost/000000000000/q").unwrap(), "Invalid parameter: SQS endpoint ARN");
        assert_eq!(refused("lambda", function), None);
        assert_eq!(refused("lambda", &format!("{function}:live")), None);
        assert_eq!(refused("lambda", queue).unwrap(), "Invalid parameter: Lambda endpoint ARN");
        assert_eq!(refused("email", "team@example.com"), None);
        assert_eq!(refused("email", "team").unwrap(), "Invalid parameter: Email address");
        assert_eq!(refused("http", "http://127.0.0.1:8080/alarm"), None);
        assert!(refused("http", "https://example.com").unwrap().contains("must match the specified protocol"));
        assert_eq!(refused("https", "https://example.com:8443/alarm"), None);
        assert!(refused("https", "http://example.com").unwrap().contains("must match the specified protocol"));
        assert!(refused("https", "https:///alarm").unwrap().contains("must match the specified protocol"));
        assert!(refused("fax", "1").unwrap().contains("does not support this protocol string: fax"));
        assert!(refused("sms", "+821012345678").unwrap().contains("the lab does not support"));
    }
}
