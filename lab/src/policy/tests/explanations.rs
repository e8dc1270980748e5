//! What the explanations say: the sentence that a person reads when an alarm is silent.

use super::*;

const OTHER_RULE: &str = "arn:aws:events:ap-northeast-2:111122223333:rule/other";

#[test]
fn a_rule_of_another_name() {
    let policy = policy(allow_if(json!({"ArnEquals": {"aws:SourceArn": OTHER_RULE}})));
    assert_eq!(
        policy.evaluate(&publish()).explanation().headline(),
        format!(
            "no statement allows events.amazonaws.com to sns:Publish: statement `rule` wants aws:SourceArn \
             {OTHER_RULE}, the request has {RULE}"
        )
    );
}

/// The default policy of a topic is silent for EventBridge: Terraform and the CLI add nothing to it.
#[test]
fn a_topic_with_the_default_policy() {
    let policy = Policy::parse(&PolicyDocument::sns_default(TOPIC, OWNER).to_json()).unwrap();
    let decision = policy.evaluate(&publish());
    assert_eq!(
        decision.explanation().headline(),
        "no statement allows events.amazonaws.com to sns:Publish: statement `__default_statement_ID` wants \
         AWS:SourceOwner 111122223333, the request has no AWS:SourceOwner"
    );
    let owner = RequestContext::new(Principal::aws("arn:aws:iam::111122223333:user/a"), "sns:Publish", TOPIC);
    assert!(policy.evaluate(&owner.key("aws:SourceOwner", OWNER)).is_allowed());
}

#[test]
fn the_nearest_miss_comes_first() {
    let statements = json!([
        {"Sid": "deny", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC,
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Sid": "subscribe", "Effect": "Allow", "Principal": "*", "Action": "sns:Subscribe", "Resource": TOPIC},
        {"Sid": "alarms", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
         "Action": "sns:Publish", "Resource": TOPIC},
        {"Sid": "topic", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
         "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:sns-securitygroup-alarm"},
        {"Sid": "owner", "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC,
         "Condition": {"StringEquals": {"aws:SourceOwner": OWNER}}},
        allow_if(json!({"ArnEquals": {"aws:SourceArn": OTHER_RULE}})),
    ]);
    let decision = policy(statements).evaluate(&publish());
    let order: Vec<_> = decision.explanation().statements().iter().filter_map(|s| s.sid.as_deref()).collect();
    assert_eq!(order, ["rule", "owner", "topic", "alarms", "subscribe", "deny"]);
    assert_eq!(decision.explanation().nearest_miss().unwrap().index, 5);
    assert_eq!(
        decision.to_string(),
        format!(
            "no statement allows events.amazonaws.com to sns:Publish: statement `rule` wants aws:SourceArn {OTHER_RULE}, \
             the request has {RULE}\n\
             - statement `rule` (Allow) does not apply: it wants aws:SourceArn {OTHER_RULE}, the request has {RULE}\n\
             - statement `owner` (Allow) does not apply: it wants aws:SourceOwner 111122223333, the request has no \
             aws:SourceOwner\n\
             - statement `topic` (Allow) does not apply: it wants resource \
             arn:aws:sns:us-east-1:111122223333:sns-securitygroup-alarm, the request is for {TOPIC} (only the Region \
             differs)\n\
             - statement `alarms` (Allow) does not apply: it wants principal cloudwatch.amazonaws.com, the request is \
             from events.amazonaws.com\n\
             - statement `subscribe` (Allow) does not apply: it wants action sns:Subscribe, the request is sns:Publish\n\
             - statement `deny` (Deny) does not apply: it wants aws:SecureTransport false, the request has no \
             aws:SecureTransport"
        )
    );
}

#[test]
fn an_explicit_deny_is_named() {
    let allow = allow_if(json!({}));
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*"});
    let decision = policy(json!([allow, deny])).evaluate(&publish());
    assert!(matches!(decision, Decision::ExplicitDeny(_)));
    assert_eq!(decision.explanation().headline(), "statement 2 denies events.amazonaws.com sns:Publish");
}

#[test]
fn headlines_of_the_other_outcomes() {
    let allowed = policy(allow_if(json!({}))).evaluate(&publish());
    assert_eq!(allowed.explanation().headline(), "statement `rule` allows events.amazonaws.com to sns:Publish");
    let without = authorize(None, &publish(), OWNER, true);
    assert_eq!(
        without.explanation().headline(),
        format!("nothing allows events.amazonaws.com to sns:Publish: {TOPIC} has no policy")
    );
    let only_deny = json!({"Effect": "Deny", "Principal": "*", "Action": "sns:Subscribe", "Resource": "*"});
    assert_eq!(
        policy(only_deny).evaluate(&publish()).explanation().headline(),
        "no statement allows events.amazonaws.com to sns:Publish: the policy has only Deny statements"
    );
    let mallory = "arn:aws:iam::444455556666:user/mallory";
    let request = RequestContext::new(Principal::aws(mallory), "sns:Publish", TOPIC);
    let shared =
        json!({"Sid": "shared", "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"});
    assert_eq!(
        authorize(Some(&policy(shared)), &request, OWNER, false).explanation().headline(),
        format!("statement `shared` lets {mallory} sns:Publish, but its own permissions do not, and they must as well")
    );
    let alice = Principal::aws("arn:aws:iam::111122223333:user/alice");
    let own = authorize(None, &RequestContext::new(alice, "sns:Publish", TOPIC), OWNER, true);
    assert_eq!(
        own.explanation().headline(),
        "arn:aws:iam::111122223333:user/alice may sns:Publish by its own permissions"
    );
}

/// Each relation has its own words.
#[test]
fn conditions_in_words() {
    let rows = [
        (json!({"StringNotEquals": {"aws:SourceAccount": OWNER}}), "wants aws:SourceAccount other than 111122223333"),
        (json!({"StringEquals": {"aws:SourceAccount": ["1", "2", "3"]}}), "wants aws:SourceAccount 1, 2 or 3"),
        (json!({"NumericLessThanEquals": {"aws:SourceAccount": 5}}), "wants aws:SourceAccount at most 5"),
        (json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), "wants aws:SourceIp within 203.0.113.0/24"),
        (json!({"Null": {"aws:SourceArn": "true"}}), "wants no aws:SourceArn"),
        (json!({"Null": {"aws:SourceIp": "false"}}), "wants aws:SourceIp to be present"),
        (json!({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}), "wants some aws:TagKeys a"),
        (
            json!({"StringEquals": {"aws:SourceAccount": "${aws:username}"}}),
            "wants aws:SourceAccount ${aws:username}, the request has 111122223333 and no value for the variable \
             aws:username",
        ),
    ];
    for (condition, words) in rows {
        let headline = policy(allow_if(condition)).evaluate(&publish()).explanation().headline();
        let said = headline.split_once("`rule` ").unwrap().1;
        assert!(said.starts_with(words), "{said}");
    }
}

/// Differences that the eye overlooks are pointed out.
#[test]
fn differences() {
    let rows = [
        (RULE.replace("ap-northeast-2", "us-east-1"), Some("only the Region differs")),
        (RULE.replace(OWNER, "444455556666"), Some("only the account differs")),
        (RULE.replace("rule/e", "rule/E"), Some("only the case differs")),
        (format!("{RULE} "), Some("only spaces around it differ")),
        (OTHER_RULE.to_owned(), None),
    ];
    for (wanted, difference) in rows {
        let decision = policy(allow_if(json!({"ArnEquals": {"aws:SourceArn": wanted}}))).evaluate(&publish());
        let miss = &decision.explanation().statements()[0].misses[0];
        assert_eq!(miss.difference().as_deref(), difference, "{wanted}");
    }
    let by_account = allow_if(json!({"ArnLike": {"aws:SourceAccount": OWNER}}));
    let decision = policy(by_account).evaluate(&publish());
    let difference = decision.explanation().statements()[0].misses[0].difference();
    assert_eq!(difference.as_deref(), Some("ArnLike compares ARNs, and 111122223333 is none"));
}

#[test]
fn serialised_for_reports() {
    let decision = policy(allow_if(json!({"ArnEquals": {"aws:SourceArn": OTHER_RULE}}))).evaluate(&publish());
    assert_eq!(
        json!(decision),
        json!({
            "decision": "ImplicitDeny",
            "explanation": {
                "principal": "events.amazonaws.com", "action": "sns:Publish", "resource": TOPIC,
                "identity": {"scope": "NotConsidered"},
                "statements": [{
                    "index": 0, "sid": "rule", "effect": "Allow", "matched_by": "Named",
                    "misses": [{
                        "element": "Condition", "operator": "ArnEquals", "key": "aws:SourceArn",
                        "wanted": [OTHER_RULE], "seen": [RULE], "unresolved": [],
                    }],
                }],
            },
        })
    );
}
