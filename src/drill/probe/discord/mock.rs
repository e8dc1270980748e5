//! The mocked webhook: Discord's behaviour as the lab has it, served by wiremock on this machine.

use std::sync::Arc;
use std::time::Duration;

use alert_drill_lab::discord;
use wiremock::{Mock as Behaviour, MockServer, Request, Respond, ResponseTemplate};

use super::judge::Judge;
use crate::drill::observation::Observations;
use crate::pipeline::{ProvisionError, WebhookUrls};
use crate::sdk;
use crate::target::{Reach, client_for};

/// How long a tunnel may take to hand a request on and its answer back.
const TUNNEL: Duration = Duration::from_secs(20);

/// A Discord of the run's own at an address of this machine.
pub(in crate::drill) struct Mock {
    server: MockServer,
    judge: Arc<Judge>,
    from_target: String,
}

impl Mock {
    /// Starts the mock where what the target runs can reach it.
    pub(super) async fn start(channel: &str, observations: Arc<Observations>, reach: &Reach) -> std::io::Result<Self> {
        let judge = Arc::new(Judge::new(channel, observations));
        let listener = reach.listener()?;
        let from_target = reach.url(listener.local_addr()?);
        let server = MockServer::builder().listener(listener).disable_request_recording().start().await;
        Behaviour::given(|_: &Request| true).respond_with(Responder(Arc::clone(&judge))).mount(&server).await;
        Ok(Self { server, judge, from_target })
    }

    /// What the function posts to.
    pub(super) fn webhook_urls(&self) -> WebhookUrls {
        let webhook = self.judge.webhook();
        WebhookUrls { from_target: webhook.url(&self.from_target), from_here: webhook.url(&self.server.uri()) }
    }

    /// Makes sure that a public address leads here: the webhook answers there as it does here.
    ///
    /// # Errors
    /// It leads nowhere, or to something else.
    pub(super) async fn check_tunnel(&self, public: &str) -> Result<(), ProvisionError> {
        let listens = self.server.address();
        let wrong = |what: String| ProvisionError::Tunnel { url: public.to_owned(), listens: *listens, what };
        let client = client_for(public).timeout(TUNNEL).build();
        let client = client.map_err(|error| wrong(sdk::cause(&error).to_string()))?;
        let asked = client.get(self.webhook_urls().from_target).send().await;
        // Without the address, which has the webhook's token.
        let answer = asked.map_err(|error| wrong(format!("nothing answers ({})", sdk::cause(&error.without_url()))))?;
        let status = answer.status();
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let object = answer.json::<serde_json::Value>().await.unwrap_or_default();
        if status.is_success() && object["id"] == self.judge.webhook().id {
            return Ok(());
        }
        let kind = kind.map_or_else(String::new, |kind| format!(" with {kind}"));
        Err(wrong(format!("something else answers {}{kind}", status.as_u16())))
    }
}

struct Responder(Arc<Judge>);

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let headers = request.headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?)));
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut asked = discord::Request::new(request.method.as_str(), &format!("{}{query}", request.url.path()))
            .with_body(request.body.clone());
        for (name, value) in headers {
            asked = asked.with_header(&name, value);
        }
        let answer = self.0.judge(&asked);
        let mut response = ResponseTemplate::new(answer.status);
        for (name, value) in &answer.headers {
            response = response.append_header(name.as_str(), value.as_str());
        }
        response.set_body_bytes(answer.body.to_vec())
    }
}
