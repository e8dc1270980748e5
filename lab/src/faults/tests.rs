//! What strikes, how often, and what the callers see.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::deliveries::{Deliveries, Leg, Outcome, Reason};
use crate::gateway::error::AwsError;
use crate::scope::Scope;

fn injector(json: &str) -> Injector {
    Injector::new(&Faults::from_json(json).unwrap())
}

fn refusal_of(kind: &str, service: Service) -> AwsError {
    let injector = injector(&format!(r#"{{"calls": [{{"fault": "{kind}"}}]}}"#));
    injector.on_call(service, "Any").refusal.unwrap()
}

#[test]
fn each_service_throttles_and_fails_in_its_own_words() {
    let throttled = |service| {
        let error = refusal_of("throttle", service);
        (error.status, error.code.into_owned())
    };
    assert_eq!(throttled(Service::Ec2), (503, "RequestLimitExceeded".to_owned()));
    assert_eq!(throttled(Service::Iam), (400, "Throttling".to_owned()));
    assert_eq!(throttled(Service::Events), (400, "ThrottlingException".to_owned()));
    assert_eq!(throttled(Service::Lambda), (429, "TooManyRequestsException".to_owned()));
    assert_eq!(throttled(Service::Sqs), (403, "RequestThrottled".to_owned()));
    assert_eq!(throttled(Service::S3), (503, "SlowDown".to_owned()));
    for service in Service::ALL {
        assert_eq!(refusal_of("internal_error", service).status, 500, "{service:?}");
        assert_eq!(refusal_of("service_unavailable", service).status, 503, "{service:?}");
    }
}

#[test]
fn a_fault_strikes_what_it_names_and_only_as_often_as_it_says() {
    let injector = injector(
        r#"{"calls": [
            {"fault": "delay", "milliseconds": 30},
            {"fault": "throttle", "service": "ec2", "operation": "RunInstances", "next": 2},
            {"fault": "drop_connection", "service": "ec2"}
        ]}"#,
    );
    let strikes = |service, operation| injector.on_call(service, operation);
    assert!(strikes(Service::Ec2, "RunInstances").refusal.is_some());
    assert!(strikes(Service::Ec2, "DescribeVpcs").hang_up);
    assert!(strikes(Service::Ec2, "RunInstances").refusal.is_some());
    let third = strikes(Service::Ec2, "RunInstances");
    assert!(third.refusal.is_none() && third.hang_up, "{third:?}");
    let other = strikes(Service::Sns, "Publish");
    assert_eq!((other.delay, other.hang_up), (Duration::from_millis(30), false));
    let shown = injector.show();
    assert_eq!((&shown["calls"][1]["left"], &shown["calls"][1]["struck"]), (&0.into(), &2.into()));
    injector.set(&Faults::default()).unwrap();
    assert_eq!(strikes(Service::Ec2, "DescribeVpcs").delay, Duration::ZERO);
}

#[test]
fn a_rate_repeats_with_its_seed() {
    let draw = |seed: u64| -> Vec<bool> {
        let injector = injector(&format!(r#"{{"seed": {seed}, "calls": [{{"fault": "throttle", "rate": 0.3}}]}}"#));
        (0..1000).map(|_| injector.on_call(Service::Ec2, "Any").refusal.is_some()).collect()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let struck = draw(1).into_iter().filter(|struck| *struck).count();
    assert!((250..350).contains(&struck), "{struck} of 1000 at a rate of 0.3");
}

#[test]
fn what_could_never_strike_is_refused_by_name() {
    let refused = |json: &str| Faults::from_json(json).unwrap_err().to_string();
    for (json, why) in [
        ("{", "EOF"),
        (r#"{"call": []}"#, "unknown field `call`"),
        (r#"{"calls": [{"fault": "throttle", "percent": 3}]}"#, "unknown field `percent`"),
        (r#"{"calls": [{"fault": "explode"}]}"#, "unknown variant `explode`"),
        (r#"{"calls": [{"fault": "throttle", "service": "ec3"}]}"#, "the lab has no service ec3"),
        (r#"{"calls": [{"fault": "throttle", "operation": "Publish"}]}"#, "Publish needs its service"),
        (r#"{"calls": [{"fault": "throttle", "service": "sns", "operation": "Publsh"}]}"#, "operation Publsh of sns"),
        (r#"{"calls": [{"fault": "throttle", "rate": 1.5}]}"#, "1.5 is not between 0 and 1"),
        (r#"{"calls": [{"fault": "throttle", "rate": 0.5, "next": 1}]}"#, "not both"),
        (r#"{"calls": [{"fault": "delay"}]}"#, "needs its milliseconds"),
        (r#"{"calls": [{"fault": "throttle", "milliseconds": 1}]}"#, "belong to the fault delay"),
        (r#"{"deliveries": [{"fault": "drop", "hop": "rule"}]}"#, "no delivery that could fail"),
        (r#"{"deliveries": [{"fault": "drop", "hop": "moon"}]}"#, "unknown variant `moon`"),
        (r#"{"discord": [{"fault": "bad_gateway", "milliseconds": 1}]}"#, "belong to the fault delay"),
    ] {
        let refusal = refused(json);
        assert!(refusal.contains(why), "{json}: {refusal}");
    }
}

#[tokio::test(start_paused = true)]
async fn deliveries_are_dropped_doubled_and_late() {
    let deliveries = Arc::new(Deliveries::default());
    let leg = || Leg {
        scope: Scope::new("000000000000", "eu-west-1"),
        hop: Hop::Queue,
        from: "topic".to_owned(),
        to: "queue".to_owned(),
        carried: Default::default(),
    };
    let made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = || made.load(std::sync::atomic::Ordering::SeqCst);
    let deliver = |json: &str| {
        let made = Arc::clone(&made);
        let make = move || {
            made.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        };
        injector(json).deliver(&deliveries, leg, (Hop::Queue, "queue"), make);
    };
    deliver(r#"{"deliveries": [{"fault": "drop", "hop": "topic"}, {"fault": "drop", "hop": "queue", "to": "other"}]}"#);
    assert_eq!((count(), deliveries.all().len()), (1, 0), "what concerns others leaves it alone");
    deliver(r#"{"deliveries": [{"fault": "duplicate", "hop": "queue"}]}"#);
    assert_eq!(count(), 3);
    deliver(r#"{"deliveries": [{"fault": "delay", "hop": "queue", "milliseconds": 60000}]}"#);
    assert_eq!(count(), 3);
    deliveries.settled().await;
    assert_eq!(count(), 4, "a late delivery is under way until it was made");
    deliver(r#"{"deliveries": [{"fault": "drop", "hop": "queue"}]}"#);
    let log = deliveries.all();
    assert_eq!((count(), log.len()), (4, 1));
    assert_eq!((log[0].outcome, log[0].reason), (Outcome::Stopped, Some(Reason::Fault)));
}
