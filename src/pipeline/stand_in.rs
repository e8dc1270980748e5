//! Stands in for Lambda where a target runs no functions: LocalStack without Docker takes a function and fails it.
//!
//! The topic's messages come over an HTTP subscription instead, which is confirmed as SNS asks, and the function's own
//! package runs in the lab's runtime, with the event that SNS gives a function. The report says that it did.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use alert_drill_lab::lambda::{
    Credentials, Engine, EngineSettings, Function, FunctionConfig, InvokeRequest, LogEvent, Logging, Package,
    ReservedConcurrency, RetryPolicy, Runtime,
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use super::{ProvisionError, Site};

/// SNS sends at most 256 KiB of message; its envelope and the escaping come on top.
const LARGEST: usize = 2 << 20;

/// How long the topic may take to send its request for confirmation.
const CONFIRMATION: Duration = Duration::from_secs(20);

/// A function that the harness runs itself. Dropping it ends its processes.
pub(crate) struct StandIn {
    endpoint: String,
    confirmed: watch::Receiver<bool>,
    engine: Arc<Engine>,
    _serving: AbortOnDropHandle<()>,
    _logs: mpsc::UnboundedReceiver<LogEvent>,
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandIn").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl StandIn {
    /// Unpacks the function and listens for the topic's messages.
    pub(super) async fn start(
        site: Site<'_>,
        package: &[u8],
        variables: &[(String, String)],
    ) -> Result<Self, ProvisionError> {
        let name = site.scenario.pipeline.function.name.as_str();
        let refused = |reason: &dyn fmt::Display| ProvisionError::NotActive {
            name: name.to_owned(),
            reason: format!("the harness cannot stand in for it: {reason}"),
        };
        let (sink, logs) = mpsc::unbounded_channel();
        let engine = Engine::new(EngineSettings::default(), Arc::new(sink)).map_err(|error| refused(&error))?;
        let package = Package::unpack(package).map_err(|error| refused(&error))?;
        let config = config(site, variables).map_err(|error| refused(&error))?;
        let function = engine.deploy(config, Arc::new(package), &ReservedConcurrency::new(None));
        let (listener, endpoint) = listen(site).map_err(|error| refused(&error))?;
        let (confirming, confirmed) = watch::channel(false);
        let subscriber = Arc::new(Subscriber { sns: site.target.clients.sns.clone(), function, confirming });
        let serving = AbortOnDropHandle::new(tokio::spawn(serve(listener, subscriber)));
        Ok(Self { endpoint, confirmed, engine: Arc::new(engine), _serving: serving, _logs: logs })
    }

    /// What the topic is subscribed with.
    pub(super) fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// Waits until the topic has reached this listener. One that it cannot reach would be a function that nothing invokes.
    pub(super) async fn confirmed(&self, site: Site<'_>) -> Result<(), ProvisionError> {
        let mut confirmed = self.confirmed.clone();
        let waited = tokio::select! {
            waited = tokio::time::timeout(CONFIRMATION, confirmed.wait_for(|confirmed| *confirmed)) => waited,
            () = site.stop.cancelled() => return Err(ProvisionError::Interrupted),
        };
        match waited {
            Ok(_) => Ok(()),
            Err(_) => Err(ProvisionError::NotActive {
                name: site.scenario.pipeline.function.name.to_string(),
                reason: format!(
                    "the harness stands in for it at {}, and the topic's messages do not arrive there ({} s); a firewall \
                     between the target and this machine, or a target that runs on another machine",
                    self.endpoint,
                    CONFIRMATION.as_secs()
                ),
            }),
        }
    }

    /// Ends the function's processes and waits until they are gone.
    pub(crate) async fn stop(&self) {
        self.engine.shutdown().await;
    }
}

/// Listens where the target reaches it; the URL is how the target has to name it.
fn listen(site: Site<'_>) -> std::io::Result<(TcpListener, String)> {
    let reach = site.target.reach();
    let listener = reach.listener()?;
    listener.set_nonblocking(true)?;
    let endpoint = format!("{}/", reach.url(listener.local_addr()?));
    Ok((TcpListener::from_std(listener)?, endpoint))
}

fn config(site: Site<'_>, variables: &[(String, String)]) -> Result<FunctionConfig, String> {
    let (function, target) = (&site.scenario.pipeline.function, site.target);
    let runtime: Runtime = function.runtime.as_str().parse().map_err(|error| format!("{error}"))?;
    let name = function.name.to_string();
    Ok(FunctionConfig {
        arn: format!("arn:aws:lambda:{}:{}:function:{name}", target.region, target.account),
        logging: Logging::of(&name),
        name,
        version: "$LATEST".to_owned(),
        region: target.region.clone(),
        account: target.account.clone(),
        runtime,
        handler: function.handler.to_string(),
        timeout: function.timeout.duration(),
        memory_size: function.memory_mb.get().into(),
        environment: variables.iter().cloned().collect(),
        credentials: Credentials {
            access_key_id: target.account.clone(),
            secret_access_key: "alert-drill".to_owned(),
            session_token: String::new(),
        },
        endpoint_url: target.endpoint_url.clone(),
    })
}

struct Subscriber {
    sns: aws_sdk_sns::Client,
    function: Arc<Function>,
    confirming: watch::Sender<bool>,
}

async fn serve(listener: TcpListener, subscriber: Arc<Subscriber>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        tokio::spawn(connection(stream, Arc::clone(&subscriber)));
    }
}

async fn connection(stream: TcpStream, subscriber: Arc<Subscriber>) {
    let service = service_fn(|request: Request<Incoming>| {
        let subscriber = Arc::clone(&subscriber);
        async move {
            let status = match Limited::new(request.into_body(), LARGEST).collect().await {
                Ok(body) => subscriber.take(&body.to_bytes()).await,
                Err(_) => StatusCode::PAYLOAD_TOO_LARGE,
            };
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        }
    });
    // SNS tries again what it could not hand over.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Subscriber {
    /// A delivery of SNS's. An answer that is no success makes SNS try again.
    async fn take(&self, body: &[u8]) -> StatusCode {
        let Ok(message) = serde_json::from_slice::<Value>(body) else { return StatusCode::BAD_REQUEST };
        let text = |name: &str| message[name].as_str().unwrap_or_default();
        match text("Type") {
            // By the API and not by its link, which may name a host that only the target knows.
            "SubscriptionConfirmation" => {
                let confirmed = self.sns.confirm_subscription().topic_arn(text("TopicArn")).token(text("Token"));
                if confirmed.send().await.is_err() {
                    return StatusCode::BAD_GATEWAY;
                }
                self.confirming.send_replace(true);
                StatusCode::OK
            }
            "Notification" => {
                let request = InvokeRequest::new(event(&message).to_string());
                match self.function.invoke_async(request, RetryPolicy::default()) {
                    Ok(_runs_by_itself) => StatusCode::OK,
                    Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
                }
            }
            _ => StatusCode::OK,
        }
    }
}

/// The event that SNS invokes a function with.
///
/// Source: "Invoking Lambda functions with Amazon SNS notifications" in the Lambda developer guide.
pub(crate) fn event(message: &Value) -> Value {
    let member = |name: &str| message.get(name).cloned().unwrap_or_default();
    json!({
        "Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": member("TopicArn"),
            "Sns": {
                "Type": "Notification",
                "MessageId": member("MessageId"),
                "TopicArn": member("TopicArn"),
                "Subject": member("Subject"),
                "Message": member("Message"),
                "Timestamp": member("Timestamp"),
                "SignatureVersion": member("SignatureVersion"),
                "Signature": member("Signature"),
                // A function gets these two with small letters, unlike an HTTP subscriber.
                "SigningCertUrl": member("SigningCertURL"),
                "UnsubscribeUrl": member("UnsubscribeURL"),
                "MessageAttributes": message.get("MessageAttributes").cloned().unwrap_or_else(|| json!({})),
            },
        }],
    })
}
