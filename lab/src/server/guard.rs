//! Who may speak to the lab: what a web page that the user happens to visit must not be able to do.
//!
//! The lab takes every access key, so the address is all that protects it. A browser on the same machine reaches that
//! address for any page: by a form or a script of the page, whose `Origin` or `Sec-Fetch-Site` gives it away, or by a name
//! of the page's own that is made to resolve to 127.0.0.1 ("DNS rebinding"), which shows in `Host`.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};

/// Names that lead to the machine itself, or to AWS: clients that were only given a proxy or a resolver use those. Each
/// stands for the names below it, too.
const NAMES: [&str; 5] = ["localhost", "localhost.localstack.cloud", "host.docker.internal", "amazonaws.com", "on.aws"];

/// Decides on requests by where they claim to come from and to go to.
#[derive(Debug)]
pub(super) struct Guard {
    listen: SocketAddr,
    /// Further names, in lower case.
    allowed: Vec<String>,
}

impl Guard {
    pub(super) fn new(listen: SocketAddr, allowed: &[String]) -> Self {
        Self { listen, allowed: allowed.iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Why a request is refused, in words.
    pub(super) fn refuses(&self, parts: &Parts) -> Option<String> {
        self.refuses_host(parts).or_else(|| {
            // What only reads a page of the lab's gets it as any link does; the browser shows it to no other page.
            let reads_a_page = parts.uri.path().starts_with("/_lab/") && is_safe(&parts.method);
            // Discord's API is an API for the web: its tokens, not the origin, decide.
            let is_discord = super::pages::is_discord(parts.uri.path());
            if reads_a_page || is_discord || is_function_url(parts) {
                None
            } else {
                self.refuses_origin(&parts.headers)
            }
        })
    }

    fn refuses_host(&self, parts: &Parts) -> Option<String> {
        let named = parts.headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
        let mut hosts = named.chain(parts.uri.authority().map(|authority| authority.as_str()));
        let foreign = hosts.find(|host| !self.is_ours(name_of(host)))?;
        Some(format!(
            "the lab does not answer to the host {foreign:?}: it answers to localhost, its own address, AWS's names, and \
             the names that it was told to allow. If this name is meant to lead to the lab, start the lab with it as an \
             allowed host."
        ))
    }

    fn refuses_origin(&self, headers: &HeaderMap) -> Option<String> {
        if let Some(origin) = headers.get(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let is_ours = origin.split_once("://").is_some_and(|(_, authority)| self.is_ours(name_of(authority)));
            return (!is_ours).then(|| {
                format!(
                    "a web page of {origin:?} may not call the lab: its requests are refused by their Origin header"
                )
            });
        }
        let fetch = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // A link that a person follows, such as that of a confirmation mail, is a navigation.
        let is_foreign = fetch("sec-fetch-site") == Some("cross-site") && fetch("sec-fetch-mode") != Some("navigate");
        is_foreign.then(|| "a web page of another site may not call the lab".to_owned())
    }

    fn is_ours(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            // No other site can make an address its own: those that lead here are the listener's.
            let listen = self.listen.ip();
            return address.is_loopback() || address == listen || listen.is_unspecified();
        }
        let is_below =
            |parent: &str| name.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        NAMES.into_iter().any(is_below) || self.allowed.contains(&name)
    }
}

/// Whether a request is for a function's URL, which is made for web pages: what its configuration says decides.
fn is_function_url(parts: &Parts) -> bool {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    parts.uri.path().starts_with("/_lab/lambda-url/") || host.split('.').nth(1) == Some("lambda-url")
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// The name of an authority, without its port.
fn name_of(authority: &str) -> &str {
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if authority.starts_with('[') {
        return authority.split_inclusive(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn guard() -> Guard {
        Guard::new(([192, 168, 1, 5], 4566).into(), &["Lab.Example".to_owned()])
    }

    fn refused(request: axum::http::request::Builder) -> bool {
        guard().refuses(&request.body(()).unwrap().into_parts().0).is_some()
    }

    #[test]
    fn only_our_own_names_are_answered_to() {
        let ours = "localhost localhost:4566 LOCALHOST. 127.0.0.1:4566 127.8.8.8 [::1]:4566 192.168.1.5:4566 a.b.localhost:1 \
                    s3.localhost.localstack.cloud:4566 localhost.localstack.cloud host.docker.internal:4566 \
                    sqs.eu-west-1.amazonaws.com abc.lambda-url.eu-west-1.on.aws lab.example:80";
        for host in ours.split_whitespace() {
            assert!(!refused(Request::get("/").header(HOST, host)), "{host}");
        }
        let foreign = "evil.example localhost.evil.example notlocalhost 192.168.1.6 10.0.0.1:4566 evil.example:4566 \
                       evilamazonaws.com x.lab.example localhost@evil.example [fe80::1]";
        for host in foreign.split_whitespace().chain([""]) {
            assert!(refused(Request::get("/").header(HOST, host)), "{host:?}");
        }
        // A request to a proxy names its host in the request line.
        assert!(refused(Request::get("http://evil.example/").header(HOST, "localhost")));
        assert!(refused(Request::get("/").header(HOST, "localhost").header(HOST, "evil.example")));
    }

    #[test]
    fn pages_of_other_sites_may_follow_links_and_no_more() {
        let from = |method: &str, path: &str, origin: &str| {
            refused(Request::builder().method(method).uri(path).header(HOST, "localhost").header(ORIGIN, origin))
        };
        for origin in ["https://evil.example", "null", "http://localhost.evil.example", "file://"] {
            assert!(from("POST", "/", origin), "{origin}");
            assert!(from("PUT", "/_lab/faults", origin), "{origin}");
            assert!(!from("GET", "/_lab/trail", origin), "{origin}");
            assert!(!from("POST", "/api/webhooks/1/x", origin), "{origin}");
        }
        for origin in ["http://localhost:8080", "http://127.0.0.1:4566"] {
            assert!(!from("POST", "/", origin), "{origin}");
        }
        let fetched = |mode: &str| {
            let request = Request::get("/?Action=ConfirmSubscription").header(HOST, "localhost");
            refused(request.header("sec-fetch-site", "cross-site").header("sec-fetch-mode", mode))
        };
        assert!(fetched("no-cors"), "an image of another site's page must not confirm a subscription");
        assert!(!fetched("navigate"), "a person may follow the link of a mail");
    }
}
