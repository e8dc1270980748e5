//! The relay in front of a target that makes no CloudTrail events, and what became of each record that it made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::relay::{Outcome, Relay, RelayConfig, RelayError};

/// How long a record that is still on its way is waited for. It is asked for only when no alert came.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// What became of the records, by the request that each is of, and when that was known.
type Outcomes = Arc<Mutex<HashMap<String, (Outcome, Instant)>>>;

#[derive(Debug)]
pub(super) struct Relayed {
    relay: Relay,
    outcomes: Outcomes,
}

impl Relayed {
    /// Starts a relay in front of this endpoint.
    pub(super) async fn start(endpoint_url: &str) -> Result<Self, RelayError> {
        let outcomes = Outcomes::default();
        let noting = Arc::clone(&outcomes);
        let relay = Relay::start(RelayConfig::new(endpoint_url), move |relayed| {
            let known = (relayed.outcome.clone(), Instant::now());
            noting.lock().unwrap_or_else(PoisonError::into_inner).insert(relayed.request_id.clone(), known);
        });
        Ok(Self { relay: relay.await?, outcomes })
    }

    /// The relay's address, for clients.
    pub(super) fn endpoint_url(&self) -> String {
        self.relay.endpoint_url()
    }

    /// Why the record of this request was not on the bus in time, where the relay should have put it there; none if it was,
    /// or if there was none to put.
    ///
    /// What the relay has of other requests says nothing of this one: there is always one, if only of the question whether
    /// the target still answers.
    pub(super) async fn why_not(&self, request_id: &str, deadline: Instant) -> Option<String> {
        if self.outcome(request_id).is_none() {
            // Unread, or not taken yet, or a call that is not recorded.
            let _ = tokio::time::timeout(ON_ITS_WAY, self.relay.settled()).await;
        }
        match self.outcome(request_id) {
            Some((Outcome::Put(took), at)) if at > deadline => {
                Some(format!("the event bus took the event only {} ms after the call", took.as_millis()))
            }
            Some((Outcome::Put(_), _)) => None,
            Some((Outcome::Lost(why), _)) => Some(format!("the event bus did not take the event: {why}")),
            Some((Outcome::Unrecorded(why), _)) => Some(format!("the call was not recorded: {why}")),
            None => (!self.relay.is_settled()).then(|| "the event bus has not taken the event yet".to_owned()),
        }
    }

    pub(super) async fn stop(self) {
        self.relay.stop().await;
    }

    fn outcome(&self, request_id: &str) -> Option<(Outcome, Instant)> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).get(request_id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wiremock::matchers::{body_string_contains, header};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    /// An upstream that answers a call with its port in it with the request id of that port, and takes every event but those
    /// of port 23.
    async fn upstream() -> MockServer {
        let server = MockServer::start().await;
        for port in ["22", "23"] {
            let answer = format!(
                "<AuthorizeSecurityGroupIngressResponse><requestId>of-{port}</requestId><return>true</return>\
                 </AuthorizeSecurityGroupIngressResponse>"
            );
            let answer = ResponseTemplate::new(200).set_body_raw(answer, "text/xml");
            Mock::given(body_string_contains(format!("FromPort={port}&"))).respond_with(answer).mount(&server).await;
        }
        let put = || Mock::given(header("x-amz-target", "AWSEvents.PutEvents"));
        let taken = serde_json::json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "1" }] });
        let taken = ResponseTemplate::new(200).set_body_json(taken);
        put().and(body_string_contains("of-23")).respond_with(ResponseTemplate::new(503)).mount(&server).await;
        put().respond_with(taken).mount(&server).await;
        server
    }

    async fn authorize(relayed: &Relayed, port: &str) {
        let form = format!(
            "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-0a1b2c3d4e5f60718&IpProtocol=tcp\
             &FromPort={port}&ToPort={port}&CidrIp=203.0.113.0%2F24"
        );
        let client = crate::target::plain_http().build().unwrap();
        let credential = "AWS4-HMAC-SHA256 Credential=000000000000/20261124/ap-northeast-2/ec2/aws4_request, \
                          SignedHeaders=host, Signature=00";
        let asked = client.post(relayed.endpoint_url()).header("authorization", credential);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded").body(form);
        assert_eq!(asked.send().await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn what_is_on_the_bus_is_not_late_because_of_another_call() {
        let upstream = upstream().await;
        let relayed = Relayed::start(&upstream.uri()).await.unwrap();
        let deadline = || Instant::now() + Duration::from_secs(60);
        authorize(&relayed, "22").await;
        assert_eq!(relayed.why_not("of-22", deadline()).await, None);
        // The bus does not take the next one, and the relay goes on trying.
        authorize(&relayed, "23").await;
        assert_eq!(relayed.why_not("of-22", deadline()).await, None);
        let waiting = relayed.why_not("of-23", deadline()).await.unwrap();
        assert!(waiting.contains("not taken the event yet"), "{waiting}");
        let late = relayed.why_not("of-22", Instant::now() - Duration::from_secs(60)).await.unwrap();
        assert!(late.contains("only"), "{late}");
    }
}
