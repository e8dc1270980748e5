//! POSTs to HTTP and HTTPS endpoints.
//!
//! As many attempts as the delivery policy has, with a hundredth of its delays between them: AWS's default is four, 20
//! seconds apart, for which a drill does not wait. As in AWS, a 4xx other than 429 is final.
//!
//! An HTTPS endpoint must have a certificate that holds for its name, from an authority that is [trusted](crate::trust): a
//! self-signed one fails, as in AWS.
//!
//! Source: "Amazon SNS message delivery retries" and "HTTP/HTTPS headers" in the Amazon SNS Developer Guide.

use std::time::Duration;

use axum::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{Request, StatusCode, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::delivery_policy::Effective;
use crate::cloud::Cloud;
use crate::deliveries::{Leg, Reason, Refusal};
use crate::trust::Trust;

/// How many times shorter than AWS's the lab's delays between attempts are.
const HASTE: u32 = 100;

/// How long SNS waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the headers say of the message.
#[derive(Debug)]
pub(super) struct Headers<'a> {
    /// `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`.
    pub(super) kind: &'static str,
    pub(super) message_id: &'a str,
    pub(super) topic_arn: &'a str,
    pub(super) subscription_arn: Option<&'a str>,
    pub(super) raw: bool,
}

/// An attempt that failed: why, and whether another may do better.
struct Failure {
    detail: String,
    is_final: bool,
}

/// A message that is to be posted.
#[derive(Debug)]
pub(super) struct Post<'a> {
    pub(super) endpoint: &'a str,
    pub(super) headers: Headers<'a>,
    pub(super) body: Bytes,
    pub(super) policy: Effective,
}

impl Post<'_> {
    /// Posts the message, and logs each attempt that is followed by another. Returns the number of attempts, too.
    pub(super) async fn deliver(&self, cloud: &Cloud, leg: &Leg) -> (usize, Result<(), Refusal>) {
        let mut delays = self.policy.retries.delays().into_iter();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let Err(failure) = once(&cloud.trust, self).await else { return (attempt, Ok(())) };
            let refusal = Refusal::new(Reason::ReceiverError, failure.detail);
            let delay = delays.next().filter(|_| !failure.is_final);
            let Some(delay) = delay else { return (attempt, Err(refusal)) };
            cloud.deliveries.retried(leg.clone(), refusal);
            sleep(delay / HASTE).await;
        }
    }
}

/// Where an endpoint listens.
struct Receiver<'a> {
    host: &'a str,
    port: u16,
    is_secure: bool,
}

impl<'a> Receiver<'a> {
    fn of(uri: &'a Uri) -> Option<Self> {
        let is_secure = uri.scheme_str() == Some("https");
        Some(Self { host: uri.host()?, port: uri.port_u16().unwrap_or(usual_port(is_secure)), is_secure })
    }

    /// The `Host` header: the port stands in it only where it is not the usual one.
    fn named(&self) -> String {
        match self.port == usual_port(self.is_secure) {
            true => self.host.to_owned(),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

const fn usual_port(is_secure: bool) -> u16 {
    if is_secure { 443 } else { 80 }
}

async fn once(trust: &Trust, post: &Post<'_>) -> Result<(), Failure> {
    let endpoint = post.endpoint;
    let impossible = |why: String| Failure { detail: format!("{endpoint} {why}"), is_final: true };
    let uri: Uri = endpoint.parse().map_err(|error| impossible(format!("is no URL: {error}")))?;
    let receiver = Receiver::of(&uri).ok_or_else(|| impossible("names no host".to_owned()))?;
    let request = request(&uri, &receiver, post).map_err(|error| impossible(error.to_string()))?;
    let unreachable = |why: String| Failure { detail: format!("{endpoint} {why}"), is_final: false };
    let status = timeout(PATIENCE, exchange(trust, &receiver, request))
        .await
        .map_err(|_| unreachable(format!("did not answer within {} s", PATIENCE.as_secs())))?
        .map_err(|error| unreachable(format!("cannot be reached: {error}")))?;
    if status.is_success() {
        return Ok(());
    }
    let is_final = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
    Err(Failure { detail: format!("{endpoint} answered {status}"), is_final })
}

fn request(
    uri: &Uri,
    receiver: &Receiver<'_>,
    Post { headers, body, policy, .. }: &Post<'_>,
) -> Result<Request<Full<Bytes>>, axum::http::Error> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(HOST, receiver.named())
        .header(CONTENT_TYPE, &policy.content_type)
        .header(USER_AGENT, "Amazon Simple Notification Service Agent")
        .header(CONNECTION, "Keep-Alive")
        .header(ACCEPT_ENCODING, "gzip,deflate")
        .header("x-amz-sns-message-type", headers.kind)
        .header("x-amz-sns-message-id", headers.message_id)
        .header("x-amz-sns-topic-arn", headers.topic_arn);
    if let Some(arn) = headers.subscription_arn {
        request = request.header("x-amz-sns-subscription-arn", arn);
    }
    if headers.raw {
        request = request.header("x-amz-sns-rawdelivery", "true");
    }
    // User and password of the endpoint's URL, as SNS takes them for basic authentication.
    if let Some((credentials, _)) = uri.authority().and_then(|authority| authority.as_str().rsplit_once('@')) {
        let credentials = percent_decode_str(credentials).decode_utf8_lossy().into_owned();
        request = request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(credentials)));
    }
    request.body(Full::new(body.clone()))
}

/// What may end an exchange without an answer.
type Broken = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(trust: &Trust, receiver: &Receiver<'_>, request: Request<Full<Bytes>>) -> Result<StatusCode, Broken> {
    let host = receiver.host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, receiver.port)).await?;
    match receiver.is_secure {
        true => ask(trust.connect(host, stream).await?, request).await,
        false => ask(stream, request).await,
    }
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, Broken> {
    let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let answered = client.send_request(request);
    tokio::pin!(answered);
    // The connection makes no progress unless it is polled beside the request. It may end with the answer in hand.
    let answer = tokio::select! {
        answer = &mut answered => answer?,
        ended = connection => {
            ended?;
            answered.await?
        }
    };
    Ok(answer.status())
}
