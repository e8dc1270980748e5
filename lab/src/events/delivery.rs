//! From a bus to its rules, and from a rule to its targets.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::rule::{Rule, State};
use super::target::{Kind, Target};
use super::transform::{Surroundings, at};
use super::{DEFAULT_BUS, Events, bus};
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Carried, Hop, Leg, Reason, Refusal};
use crate::scope::Scope;

/// An event on its way from a bus to the targets.
struct Delivery {
    cloud: Arc<Cloud>,
    scope: Scope,
    event: Arc<Value>,
    carried: Carried,
    ingested: Timestamp,
}

impl Events {
    /// Puts an event on a bus that exists, unless a fault says otherwise.
    pub(super) fn deliver(
        &self,
        cloud: &Arc<Cloud>,
        scope: &Scope,
        bus: &str,
        event: Arc<Value>,
        read_only: bool,
        carried: &Carried,
    ) {
        let bus_arn = bus::arn(scope, bus);
        let leg = || Leg {
            scope: scope.clone(),
            hop: Hop::Bus,
            from: event["source"].as_str().unwrap_or_default().to_owned(),
            to: bus_arn.clone(),
            carried: carried.clone(),
        };
        let make = {
            let (cloud, scope, bus) = (Arc::clone(cloud), scope.clone(), bus.to_owned());
            let (event, carried) = (Arc::clone(&event), carried.clone());
            move || cloud.events.arrive(&cloud, &scope, &bus, Arc::clone(&event), read_only, &carried)
        };
        cloud.faults.deliver(&cloud.deliveries, leg, (Hop::Bus, &bus_arn), make);
    }

    /// Tries an event on every rule of a bus that exists. Matching happens here and now, so that the log has the events in
    /// their order; the targets are served in a task.
    fn arrive(
        &self,
        cloud: &Arc<Cloud>,
        scope: &Scope,
        bus: &str,
        event: Arc<Value>,
        read_only: bool,
        carried: &Carried,
    ) {
        let rules: Vec<Arc<Rule>> = self
            .buses
            .with(scope, |buses| buses.get(bus).map(|bus| bus.rules.values().cloned().collect()).unwrap_or_default());
        let delivery = Delivery {
            cloud: Arc::clone(cloud),
            scope: scope.clone(),
            event,
            carried: carried.clone(),
            ingested: Timestamp::now(),
        };
        let bus = bus::arn(scope, bus);
        let source = delivery.event["source"].as_str().unwrap_or_default().to_owned();
        cloud.deliveries.delivered(delivery.leg(Hop::Bus, source, bus.clone()));
        let matched: Vec<_> = rules.into_iter().filter(|rule| delivery.passes(rule, &bus, read_only)).collect();
        if matched.is_empty() {
            return;
        }
        let guard = cloud.deliveries.begin();
        tokio::spawn(async move {
            let delivery = Arc::new(delivery);
            for rule in &matched {
                delivery.serve(rule);
            }
            drop(guard);
        });
    }
}

impl Delivery {
    fn leg(&self, hop: Hop, from: impl Into<String>, to: impl Into<String>) -> Leg {
        Leg { scope: self.scope.clone(), hop, from: from.into(), to: to.into(), carried: self.carried.clone() }
    }

    /// Whether a rule takes the event. What its state holds back is logged only where the pattern would match.
    fn passes(&self, rule: &Rule, bus: &str, read_only: bool) -> bool {
        let deliveries = &self.cloud.deliveries;
        let leg = || self.leg(Hop::Rule, bus, rule.arn.clone());
        let held_back = match rule.state {
            State::Disabled => Some((Reason::RuleDisabled, "the rule is disabled")),
            State::Enabled if read_only => Some((
                Reason::ReadOnlyEvent,
                "a rule in state ENABLED does not see read-only management events; \
                 ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS would",
            )),
            State::Enabled | State::EnabledWithReadOnly => None,
        };
        let matches = rule.pattern.matches(&self.event);
        match held_back {
            Some((reason, detail)) => {
                if matches {
                    deliveries.stopped(leg(), Refusal::new(reason, detail));
                }
                return false;
            }
            None if !matches => deliveries.mismatched(leg(), &rule.pattern, &self.event),
            None => {
                deliveries.delivered(leg());
                self.count(rule, "MatchedEvents");
                self.count(rule, "TriggeredRules");
            }
        }
        matches
    }

    fn count(&self, rule: &Rule, metric: &'static str) {
        // Rules on the default bus are counted by their name alone, those of another bus by both names.
        let by_rule = [("RuleName", rule.name.as_str()), ("EventBusName", rule.bus.as_str())];
        let dimensions = if rule.bus == DEFAULT_BUS { &by_rule[..1] } else { &by_rule };
        self.cloud.metrics.record(&self.scope, "AWS/Events", metric, dimensions, 1.0, "Count");
    }

    fn serve(self: &Arc<Self>, rule: &Arc<Rule>) {
        if rule.targets.is_empty() {
            let leg = self.leg(Hop::Rule, rule.arn.clone(), "");
            self.cloud.deliveries.stopped(leg, Refusal::new(Reason::NoTarget, "the rule has no target"));
        }
        for (place, target) in rule.targets.iter().enumerate() {
            let hop = hop_to(target);
            let leg = || self.leg(hop, rule.arn.clone(), target.arn.clone());
            let make = {
                let (delivery, rule) = (Arc::clone(self), Arc::clone(rule));
                move || delivery.hand_over(&rule, &rule.targets[place])
            };
            self.cloud.faults.deliver(&self.cloud.deliveries, leg, (hop, &target.arn), make);
        }
    }

    /// Hands the event to one target, and to its dead-letter queue if it refuses.
    fn hand_over(self: &Arc<Self>, rule: &Arc<Rule>, target: &Target) {
        self.count(rule, "Invocations");
        if let Err(refusal) = self.invoke(rule, target) {
            self.count(rule, "FailedInvocations");
            self.bury(rule, target, &refusal);
        }
    }

    /// Hands the event to one target, and logs what became of it. What becomes of a function's invocation once Lambda has
    /// taken it, Lambda logs.
    fn invoke(&self, rule: &Rule, target: &Target) -> Result<(), Refusal> {
        let deliverer = self.deliverer(rule);
        let cloud = &self.cloud;
        let kind = target.kind();
        let hop = hop_to(target);
        let result = self.input(rule, target).and_then(|input| match kind {
            Some(Kind::Topic) => {
                cloud.sns.publish_as_service(cloud, &deliverer, &target.arn, input, &self.carried).map(drop)
            }
            Some(Kind::Queue) => {
                let group = target.message_group_id();
                cloud.sqs.send_as_service(&deliverer, &target.arn, input, Vec::new(), group).map(drop)
            }
            Some(Kind::Function) => {
                cloud.lambda.invoke_as_service(cloud, &deliverer, &target.arn, Bytes::from(input), &self.carried)
            }
            // PutTargets lets no other in.
            None => Err(Refusal::new(Reason::Invalid, format!("{} is no target that the lab knows", target.arn))),
        });
        if result.is_err() || hop != Hop::Function {
            cloud.deliveries.log(self.leg(hop, rule.arn.clone(), target.arn.clone()), &result);
        }
        result
    }

    fn deliverer(&self, rule: &Rule) -> Deliverer {
        Deliverer {
            service: "events.amazonaws.com",
            source_arn: rule.arn.clone(),
            source_account: self.scope.account.clone(),
        }
    }

    /// What the target gets.
    fn input(&self, rule: &Rule, target: &Target) -> Result<String, Refusal> {
        if let Some(input) = &target.input {
            return Ok(input.clone());
        }
        if let Some(path) = &target.input_path {
            let part = at(&self.event, path);
            let nothing = || Refusal::new(Reason::Invalid, format!("the event has nothing at the InputPath {path}"));
            return part.map(|part| part.to_string()).ok_or_else(nothing);
        }
        if let Some(transformer) = &target.input_transformer {
            let around = Surroundings { rule_arn: &rule.arn, rule_name: &rule.name, ingested: self.ingested };
            return transformer.render(&self.event, around).map_err(|why| Refusal::new(Reason::Invalid, why));
        }
        Ok(self.event.to_string())
    }

    /// Sends an event that its target did not take to the target's dead-letter queue, if it has one.
    ///
    /// Source: "Using dead-letter queues to process undelivered events" in the EventBridge user guide.
    fn bury(self: &Arc<Self>, rule: &Arc<Rule>, target: &Target, refusal: &Refusal) {
        let Some(queue) = target.dead_letter_queue() else { return };
        let code = match refusal.reason {
            Reason::PolicyDenied => "NO_PERMISSIONS",
            Reason::NotFound => "NO_RESOURCE",
            _ => "SDK_CLIENT_ERROR",
        };
        let attributes = [
            ("RULE_ARN", rule.arn.as_str()),
            ("TARGET_ARN", target.arn.as_str()),
            ("ERROR_CODE", code),
            ("ERROR_MESSAGE", refusal.detail.as_str()),
        ];
        let attributes: Vec<_> = attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), "String".to_owned(), value.to_owned()))
            .collect();
        let leg = || self.leg(Hop::Queue, rule.arn.clone(), queue);
        let make = {
            let (delivery, rule, leg) = (Arc::clone(self), Arc::clone(rule), leg());
            move || {
                let (from, body) = (delivery.deliverer(&rule), delivery.event.to_string());
                let sent = delivery.cloud.sqs.send_as_service(&from, &leg.to, body, attributes.clone(), None);
                let metric = if sent.is_ok() { "InvocationsSentToDlq" } else { "InvocationsFailedToBeSentToDlq" };
                delivery.count(&rule, metric);
                delivery.cloud.deliveries.log(leg.clone(), &sent);
            }
        };
        self.cloud.faults.deliver(&self.cloud.deliveries, leg, (Hop::Queue, queue), make);
    }
}

fn hop_to(target: &Target) -> Hop {
    match target.kind() {
        Some(Kind::Queue) => Hop::Queue,
        Some(Kind::Function) => Hop::Function,
        Some(Kind::Topic) | None => Hop::Topic,
    }
}
