//! The other services as KMS's clients: what SNS and SQS ask before they encrypt or decrypt a message.

use super::Kms;
use super::key::Key;
use super::permission::allows_call;
use super::state::State;
use crate::cloud::Deliverer;
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::Call;
use crate::policy::{Explanation, Principal, RequestContext};
use crate::scope::Scope;

/// What a service encrypts with a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose<'a> {
    /// The service that holds the message: `sns` or `sqs`. KMS sees it as `kms:ViaService`.
    pub service: &'static str,
    /// What it is in words: `topic` or `queue`.
    pub noun: &'static str,
    /// The ARN of the topic or the queue.
    pub arn: &'a str,
    /// The account and the Region of it.
    pub scope: &'a Scope,
    /// The key as the topic or the queue has it.
    pub key: &'a str,
}

/// Why a caller cannot use a key by way of a service; each service has its own codes for these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Denial {
    /// There is no such key.
    NotFound(String),
    /// The key is disabled.
    Disabled(String),
    /// The key waits for its deletion.
    InvalidState(String),
    /// The key's policy does not let the caller in.
    AccessDenied(String),
}

impl Purpose<'_> {
    fn via(&self) -> String {
        format!("{}.{}.amazonaws.com", self.service, self.scope.region)
    }

    /// The condition key that holds the resource whose data it is.
    fn context(&self) -> (&'static str, &str) {
        match self.service {
            "sns" => ("kms:EncryptionContext:aws:sns:topicArn", self.arn),
            _ => ("kms:EncryptionContext:aws:sqs:arn", self.arn),
        }
    }

    fn encrypted(&self) -> String {
        format!("the {} {} is encrypted with {}", self.noun, self.arn, self.key)
    }
}

impl Kms {
    /// Whether a service may have its message encrypted: it needs a key for the data, and to read that key again.
    ///
    /// EventBridge's requests bring no source, so that a condition on one cannot hold.
    /// Source: "Enable compatibility between event sources from AWS services and encrypted topics" in the Amazon SNS
    /// Developer Guide, and "Using resource-based policies for Amazon EventBridge" in the EventBridge user guide.
    pub(crate) fn allows_service(&self, purpose: &Purpose<'_>, deliverer: &Deliverer) -> Result<(), Refusal> {
        let denied = |detail: String| Refusal::new(Reason::PolicyDenied, detail);
        let decided = self.find(purpose.scope, purpose.key, |key| {
            if key.state != State::Enabled {
                let (arn, state) = (&key.arn, key.state.name());
                return Ok(Err(denied(format!("{}: the key {arn} is in state {state}", purpose.encrypted()))));
            }
            Ok(["kms:GenerateDataKey", "kms:Decrypt"]
                .into_iter()
                .try_for_each(|action| service_may(key, purpose, deliverer, action)))
        });
        match decided {
            Ok(decided) => decided,
            Err(error) => Err(denied(format!("{}, which cannot be used: {}", purpose.encrypted(), error.message))),
        }
    }

    /// Whether the caller may have a message encrypted or decrypted by way of the service.
    pub(crate) fn allows_caller(&self, purpose: &Purpose<'_>, call: &Call, actions: &[&str]) -> Result<(), Denial> {
        let via = purpose.via();
        let (name, resource) = purpose.context();
        let keys = [("kms:ViaService", via.as_str()), (name, resource)];
        let checked = self.find(purpose.scope, purpose.key, |key| {
            key.state.check_usable(&key.arn)?;
            actions.iter().try_for_each(|action| allows_call(key, call, action, &keys))
        });
        checked.map_err(|error| match error.code.as_ref() {
            "AccessDeniedException" => Denial::AccessDenied(error.message),
            "DisabledException" => Denial::Disabled(error.message),
            "KMSInvalidStateException" => Denial::InvalidState(error.message),
            _ => Denial::NotFound(error.message),
        })
    }
}

fn service_may(key: &Key, purpose: &Purpose<'_>, deliverer: &Deliverer, action: &str) -> Result<(), Refusal> {
    let service = deliverer.service;
    let (name, resource) = purpose.context();
    let request = RequestContext::new(Principal::service(service), action, key.arn.clone())
        .key("kms:ViaService", purpose.via())
        .key(name, resource)
        .key("aws:SecureTransport", "true");
    let brings_source = service != "events.amazonaws.com";
    let request = match brings_source {
        true => request
            .key("aws:SourceArn", deliverer.source_arn.clone())
            .key("aws:SourceAccount", deliverer.source_account.clone()),
        false => request,
    };
    let decision = key.policy.evaluate(&request);
    if decision.is_allowed() {
        return Ok(());
    }
    let explanation: &Explanation = decision.explanation();
    let (encrypted, arn, headline) = (purpose.encrypted(), &key.arn, explanation.headline());
    let remedy = match key.managed {
        Some(_) => format!(
            ", a key that {service} may not use, and AWS's policy of it cannot be changed: encrypt with a key of your own \
             whose policy lets {service} do kms:GenerateDataKey* and kms:Decrypt, or not at all"
        ),
        None if !brings_source && headline.contains("the request has no aws:Source") => {
            format!(". The requests of {service} to KMS bring no source: no condition on it can hold")
        }
        None => String::new(),
    };
    let detail = format!("{encrypted}{remedy}. The policy of the key {arn}: {headline}");
    Err(Refusal::new(Reason::PolicyDenied, detail).explained(explanation))
}
