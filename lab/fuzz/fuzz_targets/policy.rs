//! A policy, a line break, and the words of a request: who, what, on which resource, then pairs of a key and its value.
//! Reading never panics, a Deny that applies is never overruled, and without a statement nothing is allowed.

#![no_main]

use alert_drill_lab::policy::{
    Decision, Effect, Permissions, Policy, PolicyKind, Principal, RequestContext, authorize,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (policy, request) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = request.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let principal = match word() {
        who if who.is_empty() => Principal::Anonymous,
        who if who.starts_with("arn:") => Principal::aws(who),
        who => Principal::service(who),
    };
    let mut request = RequestContext::new(principal, word(), word());
    loop {
        let (key, value) = (word(), word());
        if key.is_empty() {
            break;
        }
        request = request.key(&key, value);
    }
    for kind in [PolicyKind::Resource, PolicyKind::Trust, PolicyKind::Identity] {
        let policy = match Policy::parse_as(policy, kind) {
            Ok(policy) => policy,
            Err(error) => {
                assert!(!error.message().is_empty());
                let _ = error.fault();
                continue;
            }
        };
        let decision = policy.evaluate(&request);
        let explanation = decision.explanation();
        let applied = |effect| explanation.statements().iter().any(|one| one.applied() && one.effect == effect);
        assert_eq!(applied(Effect::Deny), matches!(decision, Decision::ExplicitDeny(_)));
        assert_eq!(applied(Effect::Allow) && !applied(Effect::Deny), decision.is_allowed());
        assert_eq!(explanation.statements().len(), policy.statements().len());
        assert!(!explanation.to_string().is_empty());
        // As the one policy of the caller's, and as its boundary beside that.
        let identity = Permissions { identity: vec![policy.clone()], ..Permissions::default() };
        let bounded = Permissions { boundary: Some(policy.clone()), ..identity.clone() };
        for permissions in [&identity, &bounded] {
            let may = permissions.authorize(Some(&policy), &request, "111122223333");
            assert!(!(applied(Effect::Deny) && may.is_ok()));
            assert!(applied(Effect::Allow) || may.is_err());
            assert!(may.is_ok() || !may.unwrap_err().because("a:b").is_empty());
        }
        for allows in [true, false] {
            let decision = authorize(Some(&policy), &request, "111122223333", allows);
            assert!(!(applied(Effect::Deny) && decision.is_allowed()));
        }
    }
});
