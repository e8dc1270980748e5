//! Why an event does not match a pattern, in Korean.

use alert_drill_lab::pattern::{AnythingBut, Explanation, Failure, Found, Matcher, NearMiss, NumericRange};

pub(super) fn explanation(explanation: &Explanation) -> String {
    let head = match explanation.alternatives {
        0 | 1 => "이벤트가 일치하지 않습니다".to_owned(),
        many => format!("이벤트가 $or의 {many}가지 중 어느 것과도 일치하지 않습니다. 가장 가까운 것은"),
    };
    head + &failures(explanation)
}

/// A line for each path that does not hold.
pub(super) fn failures(explanation: &Explanation) -> String {
    explanation.failures.iter().map(|one| format!("\n- {}", failure(one))).collect()
}

fn failure(failure: &Failure) -> String {
    let (path, wanted) = (&failure.path, listed(failure.matchers.iter().map(matcher)));
    let text = match &failure.found {
        Found::NotAnObject => "이벤트가 JSON 객체가 아닙니다".to_owned(),
        Found::OtherElement { with } => {
            format!("{path}: {wanted}은(는) 있지만 {}와(과) 다른 배열 요소에 있습니다", with.join(", "))
        }
        found => format!("{path}: {} · 패턴이 원하는 값: {wanted}", seen(found)),
    };
    match &failure.near_miss {
        Some(near) => format!("{text} ({})", near_miss(near)),
        None => text,
    }
}

fn seen(found: &Found) -> String {
    match found {
        Found::Absent => "이벤트에 없음".to_owned(),
        Found::Object => "이벤트에서는 객체 (패턴은 객체를 보지 않음)".to_owned(),
        Found::EmptyArray => "이벤트에서는 빈 배열 (패턴은 빈 배열을 보지 않음)".to_owned(),
        Found::Values { values, more } => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            let more = if *more > 0 { format!(" 외 {more}개") } else { String::new() };
            format!("이벤트의 값: {}{more}", values.join(", "))
        }
        other => other.to_string(),
    }
}

fn matcher(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Number(number) => format!("숫자 {}", number.written()),
        Matcher::Prefix(affix) => format!("{:?}(으)로 시작하는 문자열{}", affix.text, any_case(affix.ignore_case)),
        Matcher::Suffix(affix) => format!("{:?}(으)로 끝나는 문자열{}", affix.text, any_case(affix.ignore_case)),
        Matcher::EqualsIgnoreCase(text) => format!("{text:?}{}", any_case(true)),
        Matcher::Wildcard(wildcard) => format!("{:?} 형식의 문자열", wildcard.written()),
        Matcher::Cidr(cidr) => format!("{} 안의 IP 주소", cidr.written()),
        Matcher::Numeric(range) => numeric(range),
        Matcher::Exists(true) => "아무 값".to_owned(),
        Matcher::Exists(false) => "필드가 없을 것".to_owned(),
        Matcher::AnythingBut(but) => anything_but(but),
        // Strings, booleans and null are themselves in any language.
        other => other.to_string(),
    }
}

fn anything_but(but: &AnythingBut) -> String {
    let quoted = |texts: &[String]| listed(texts.iter().map(|text| format!("{text:?}")));
    let kept_out = match but {
        AnythingBut::Strings(strings) => quoted(strings),
        AnythingBut::Numbers(numbers) => listed(numbers.iter().map(|number| number.written().to_string())),
        AnythingBut::Prefixes(prefixes) => format!("{}(으)로 시작하는 문자열", quoted(prefixes)),
        AnythingBut::Suffixes(suffixes) => format!("{}(으)로 끝나는 문자열", quoted(suffixes)),
        AnythingBut::IgnoreCase(strings) => format!("{}{}", quoted(strings), any_case(true)),
        AnythingBut::Wildcards(wildcards) => {
            format!("{} 형식의 문자열", listed(wildcards.iter().map(|one| format!("{:?}", one.written()))))
        }
        other => return other.to_string(),
    };
    format!("{kept_out}이(가) 아닌 값")
}

fn numeric(range: &NumericRange) -> String {
    let lower =
        range.lower().map(|end| format!("{} {}", end.written(), if end.is_inclusive() { "이상" } else { "초과" }));
    let upper =
        range.upper().map(|end| format!("{} {}", end.written(), if end.is_inclusive() { "이하" } else { "미만" }));
    match (lower, upper) {
        (Some(lower), Some(upper)) => format!("{lower} {upper}의 숫자"),
        (Some(end), None) | (None, Some(end)) => format!("{end}의 숫자"),
        (None, None) => "숫자".to_owned(),
    }
}

fn near_miss(near: &NearMiss) -> String {
    match near {
        NearMiss::LetterCase { wanted, found } => format!("대소문자만 다름: {wanted:?} / {found:?}"),
        NearMiss::WhiteSpace { wanted, found } => format!("앞뒤 공백만 다름: {wanted:?} / {found:?}"),
        NearMiss::Type { wanted, found } => format!("형식이 다름: 이벤트는 {found}, 패턴은 {wanted}"),
        NearMiss::PathLetterCase { found } => format!("이벤트에는 {found}(으)로 있음: 경로의 대소문자만 다름"),
        NearMiss::Elsewhere { found } => format!("그 값은 이벤트의 {found}에 있음"),
        NearMiss::Spelling { wanted, found } => format!("오타? 패턴은 {wanted:?}, 이벤트는 {found:?}"),
        NearMiss::DetailType { found } => format!("다른 종류의 이벤트: {found:?}"),
        NearMiss::NotListed { found, listed: 1 } => format!("{found:?}은(는) 다른 이름"),
        NearMiss::NotListed { found, listed } => format!("패턴에 적힌 이름 {listed}개에 {found:?}이(가) 없음"),
        other => other.to_string(),
    }
}

const fn any_case(ignore_case: bool) -> &'static str {
    if ignore_case { " (대소문자 무관)" } else { "" }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    match words.collect::<Vec<_>>().as_slice() {
        [most @ .., last] if !most.is_empty() => format!("{} 또는 {last}", most.join(", ")),
        words => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use alert_drill_lab::pattern::Pattern;
    use serde_json::{Value, json};

    fn said(pattern: &Value, event: &Value) -> String {
        super::explanation(&Pattern::parse(&pattern.to_string()).unwrap().explain(event))
    }

    #[test]
    fn each_matcher_is_said_in_korean() {
        let event = json!({ "name": "Open", "port": 22, "address": "192.0.2.1" });
        for (pattern, wanted) in [
            (json!({ "name": ["open"] }), "패턴이 원하는 값: \"open\" (대소문자만 다름: \"open\" / \"Open\")"),
            (json!({ "name": [{ "prefix": "Cl" }] }), "\"Cl\"(으)로 시작하는 문자열"),
            (json!({ "name": [{ "suffix": "ed" }] }), "\"ed\"(으)로 끝나는 문자열"),
            (json!({ "name": [{ "wildcard": "C*" }] }), "\"C*\" 형식의 문자열"),
            (json!({ "name": [{ "anything-but": ["Open"] }] }), "\"Open\"이(가) 아닌 값"),
            (json!({ "name": [{ "exists": false }] }), "필드가 없을 것"),
            (json!({ "port": [{ "numeric": [">", 100, "<=", 200] }] }), "100 초과 200 이하의 숫자"),
            (json!({ "port": ["22"] }), "형식이 다름: 이벤트는 22, 패턴은 \"22\""),
            (json!({ "address": [{ "cidr": "10.0.0.0/8" }] }), "10.0.0.0/8 안의 IP 주소"),
            (json!({ "user": [{ "exists": true }] }), "user: 이벤트에 없음 · 패턴이 원하는 값: 아무 값"),
        ] {
            let text = said(&pattern, &event);
            assert!(text.starts_with("이벤트가 일치하지 않습니다\n- ") && text.contains(wanted), "{pattern}: {text}");
            assert!(!text.contains("wanted") && !text.contains(" is "), "{text}");
        }
    }
}
