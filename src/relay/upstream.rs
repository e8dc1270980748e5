//! The endpoint behind the relay: its address, and the client that calls it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::{Request, Response, Uri, http};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error, ResponseFuture};
use hyper_util::rt::TokioExecutor;

use super::RelayError;

/// A body on its way.
pub(super) type Sent = UnsyncBoxBody<Bytes, hyper::Error>;

pub(super) struct Upstream {
    uri: Uri,
    client: Connections,
}

/// Two kinds, because reading the machine's certificates takes longer than a whole run against plain HTTP.
enum Connections {
    Plain(Client<HttpConnector, Sent>),
    Tls(Client<HttpsConnector<HttpConnector>, Sent>),
}

impl Upstream {
    /// The upstream at an address: host and port, and no path.
    pub(super) async fn of(text: &str, connect_within: Duration) -> Result<Self, RelayError> {
        let uri = address(text)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect_within));
        // Header names reach the other side as they were written.
        let mut builder = Client::builder(TokioExecutor::new());
        builder.http1_preserve_header_case(true);
        let client = if uri.scheme_str() == Some("https") {
            let unreadable = |source| RelayError::Certificates { upstream: text.to_owned(), source };
            connector.enforce_http(false);
            let read = tokio::task::spawn_blocking(|| HttpsConnectorBuilder::new().with_native_roots()).await;
            let tls = read.map_err(std::io::Error::other).and_then(|read| read).map_err(unreadable)?;
            Connections::Tls(builder.build(tls.https_only().enable_http1().wrap_connector(connector)))
        } else {
            Connections::Plain(builder.build(connector))
        };
        Ok(Self { uri, client })
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The same path and query at the upstream.
    pub(super) fn address(&self, asked: &Uri) -> Result<Uri, http::Error> {
        let path = asked.path_and_query().map_or("/", |path| path.as_str());
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse()?);
        Ok(Uri::from_parts(parts)?)
    }

    pub(super) async fn request(&self, request: Request<Sent>) -> Result<Response<Incoming>, Error> {
        let answer: ResponseFuture = match &self.client {
            Connections::Plain(client) => client.request(request),
            Connections::Tls(client) => client.request(request),
        };
        answer.await
    }
}

fn address(text: &str) -> Result<Uri, RelayError> {
    let wrong = |reason: &str| RelayError::Upstream { upstream: text.to_owned(), reason: reason.to_owned() };
    let uri: Uri = text.parse().map_err(|_| wrong("it is no URL such as http://127.0.0.1:4566"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(wrong("it must begin with http:// or https://"));
    }
    if uri.authority().is_none_or(|authority| authority.host().is_empty()) {
        return Err(wrong("it names no host"));
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(wrong("an endpoint has no path of its own"));
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_an_http_address_without_a_path() {
        for text in
            ["http://127.0.0.1:4566", "http://localhost:4566/", "http://[::1]:80", "http://localstack", "https://aws"]
        {
            assert!(address(text).is_ok(), "{text}");
        }
        for (text, why) in [
            ("127.0.0.1:4566", "http://"),
            ("http://localhost/path", "no path"),
            ("ftp://localhost", "http://"),
            ("not a url", "http://127.0.0.1:4566"),
        ] {
            let error = address(text).unwrap_err().to_string();
            assert!(error.starts_with(text) && error.contains(why), "{text}: {error}");
        }
    }
}
