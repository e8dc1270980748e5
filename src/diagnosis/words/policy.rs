//! Why a resource policy refuses, in Korean.

use alert_drill_lab::policy::{Explanation, Miss, Outcome, StatementReport};

/// One sentence: who may or may not do what, and which statement decides it, or comes closest.
pub(super) fn headline(explanation: &Explanation) -> String {
    let (who, what) = (explanation.principal(), explanation.action());
    match (explanation.outcome(), explanation.decisive()) {
        (Outcome::ExplicitDeny, Some(deny)) => format!("{}이(가) {who}의 {what}을(를) 거부합니다", name(deny)),
        (Outcome::Allow, Some(allow)) => format!("{}이(가) {who}의 {what}을(를) 허용합니다", name(allow)),
        (Outcome::Allow, None) => format!("{who}은(는) 자신의 권한으로 {what}을(를) 할 수 있습니다"),
        (_, Some(allow)) => {
            format!("{}이(가) {who}의 {what}을(를) 허용하지만 {who} 자신의 권한도 있어야 합니다", name(allow))
        }
        (_, None) => match explanation.nearest_miss() {
            Some(near) => {
                let misses: Vec<String> = near.misses.iter().map(miss).collect();
                format!("{who}의 {what}을(를) 허용하는 문이 없습니다. {}: {}", name(near), misses.join("; "))
            }
            None if explanation.statements().is_empty() => {
                format!("{who}의 {what}을(를) 허용하는 것이 없습니다: {}에 정책이 없습니다", explanation.resource())
            }
            None => format!("{who}의 {what}을(를) 허용하는 문이 없습니다: 정책에 Deny 문만 있습니다"),
        },
    }
}

fn name(statement: &StatementReport) -> String {
    match &statement.sid {
        Some(sid) => format!("문 `{sid}`"),
        None => format!("문 {}", statement.index + 1),
    }
}

fn miss(miss: &Miss) -> String {
    let wanted = miss.wanted().join(" 또는 ");
    let element = match miss.key() {
        Some(key) => format!("{} {key}", operator(miss)),
        None => miss.element().to_owned(),
    };
    let seen = match (miss.seen(), miss.key()) {
        (Some(seen), _) => format!("요청은 {}", seen.join(", ")),
        (None, Some(key)) => format!("요청에 {key}이(가) 없음"),
        (None, None) => "요청에 없음".to_owned(),
    };
    format!("{element} {wanted}을(를) 원하지만 {seen}")
}

fn operator(miss: &Miss) -> String {
    match miss {
        Miss::Condition { operator, .. } => operator.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use alert_drill_lab::policy::{Policy, Principal, RequestContext};

    #[test]
    fn the_nearest_statement_is_said_with_key_and_values() {
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Sid":"rule","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},
            "Action":"sns:Publish","Resource":"arn:aws:sns:ap-northeast-2:111122223333:alarm",
            "Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:events:ap-northeast-2:111122223333:rule/other"}}}]}"#;
        let request = RequestContext::new(
            Principal::service("events.amazonaws.com"),
            "sns:Publish",
            "arn:aws:sns:ap-northeast-2:111122223333:alarm",
        );
        let asked = request.key("aws:SourceArn", "arn:aws:events:ap-northeast-2:111122223333:rule/alarm");
        let decision = Policy::parse(policy).unwrap().evaluate(&asked);
        assert_eq!(
            super::headline(decision.explanation()),
            "events.amazonaws.com의 sns:Publish을(를) 허용하는 문이 없습니다. 문 `rule`: ArnEquals aws:SourceArn \
             arn:aws:events:ap-northeast-2:111122223333:rule/other을(를) 원하지만 요청은 \
             arn:aws:events:ap-northeast-2:111122223333:rule/alarm"
        );
    }
}
