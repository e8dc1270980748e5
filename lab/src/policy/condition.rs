//! One condition: an operator, a key, and the values of which one must match.

use super::date;
use super::operator::{Operator, Qualifier, Test};
use super::request::RequestContext;
use super::variable::{Features, Template};
use super::wildcard::{self, Token};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ipnet::IpNet;
use jiff::Timestamp;
use std::net::IpAddr;

/// A condition of a statement. All conditions of a statement must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    operator: Operator,
    key: String,
    wanted: Vec<Wanted>,
}

/// A value of the policy: as it was written, and as its operator reads it.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    text: String,
    value: Value,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(Template),
    Number(f64),
    /// None: a text that IAM takes for a date and that is no moment.
    Time(Option<Timestamp>),
    Bool(bool),
    Bytes(Vec<u8>),
    Net(IpNet),
}

impl Condition {
    /// Reads the values as the operator does; on failure, the value that it cannot read.
    pub(super) fn new(
        operator: Operator,
        key: String,
        texts: Vec<String>,
        variables: bool,
    ) -> Result<Self, (String, &'static str)> {
        let wanted = texts.into_iter().map(|text| match value(operator.base.test, &text, variables) {
            Ok(value) => Ok(Wanted { text, value }),
            Err(expected) => Err((text, expected)),
        });
        Ok(Self { operator, key, wanted: wanted.collect::<Result<_, _>>()? })
    }

    /// The operator.
    #[must_use]
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The key's name, as the policy spells it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values of which one must match, as the policy has them.
    #[must_use]
    pub fn wanted(&self) -> Vec<&str> {
        self.wanted.iter().map(|wanted| wanted.text.as_str()).collect()
    }

    /// Whether the condition holds for the request.
    #[must_use]
    pub fn holds(&self, request: &RequestContext) -> bool {
        let seen = request.values(&self.key);
        if self.operator.base.test == Test::Null {
            return self.wanted.iter().any(|wanted| wanted.value == Value::Bool(seen.is_none()));
        }
        let negated = self.operator.is_negated();
        let matches = |seen: &String| self.wanted.iter().any(|wanted| wanted.matches(self, seen, request)) != negated;
        match (self.operator.qualifier, seen) {
            (_, None) if self.operator.if_exists => true,
            (Some(Qualifier::ForAllValues), None) => true,
            (Some(Qualifier::ForAnyValue), None) => false,
            (None, None) => negated,
            (Some(Qualifier::ForAllValues), Some(seen)) => seen.iter().all(matches),
            (Some(Qualifier::ForAnyValue), Some(seen)) => seen.iter().any(matches),
            (None, Some(seen)) if negated => seen.iter().all(matches),
            (None, Some(seen)) => seen.iter().any(matches),
        }
    }

    /// The variables in the wanted values that the request has no single value for.
    pub(super) fn unresolved(&self, request: &RequestContext) -> Vec<String> {
        let unresolved = |wanted: &Wanted| match &wanted.value {
            Value::Text(template) => template.resolve(request).err().map(|variable| variable.0),
            _ => None,
        };
        self.wanted.iter().filter_map(unresolved).collect()
    }
}

impl Wanted {
    fn matches(&self, condition: &Condition, seen: &str, request: &RequestContext) -> bool {
        match &self.value {
            // A variable without a value equals nothing.
            Value::Text(template) => {
                template.resolve(request).is_ok_and(|tokens| text_matches(condition.operator.base.test, &tokens, seen))
            }
            Value::Number(wanted) => match (condition.operator.base.test, number(seen)) {
                (Test::Numeric(order), Some(seen)) => seen.partial_cmp(wanted).is_some_and(|o| order.holds(o)),
                _ => false,
            },
            Value::Time(wanted) => match (condition.operator.base.test, date::moment(seen), wanted) {
                (Test::Date(order), Some(seen), Some(wanted)) => order.holds(seen.cmp(wanted)),
                _ => false,
            },
            Value::Bool(wanted) => boolean(seen) == Some(*wanted),
            Value::Bytes(wanted) => BASE64.decode(seen).is_ok_and(|seen| seen == *wanted),
            Value::Net(wanted) => net(seen).is_some_and(|seen| wanted.contains(&seen)),
        }
    }
}

fn text_matches(test: Test, wanted: &[Token], seen: &str) -> bool {
    match test {
        Test::EqualsIgnoreCase => wildcard::matches_ignoring_case(wanted, seen),
        Test::Arn => arn_matches(wanted, seen),
        _ => wildcard::matches(wanted, seen),
    }
}

/// "Each of the six colon-delimited components of the ARN is checked separately": a wildcard never crosses a colon,
/// except within the resource, which is all that follows the fifth. A pattern of fewer components matches no ARN.
fn arn_matches(wanted: &[Token], seen: &str) -> bool {
    let wanted: Vec<&[Token]> = wanted.splitn(6, |token| *token == Token::Literal(':')).collect();
    let seen: Vec<&str> = seen.splitn(6, ':').collect();
    wanted.len() == 6
        && seen.len() == 6
        && seen[0] == "arn"
        && wanted.iter().zip(seen).all(|(wanted, seen)| wildcard::matches(wanted, seen))
}

fn value(test: Test, text: &str, variables: bool) -> Result<Value, &'static str> {
    let template = |wildcards| Ok(Value::Text(Template::parse(text, Features { wildcards, variables })));
    match test {
        Test::Equals | Test::EqualsIgnoreCase => template(false),
        Test::Like | Test::Arn => template(true),
        Test::Numeric(_) => number(text).map(Value::Number).ok_or("a number"),
        Test::Date(_) => {
            let moment = date::moment(text);
            let is_date = moment.is_some() || date::could_be(text);
            is_date.then_some(Value::Time(moment)).ok_or("an ISO 8601 date or seconds since 1970")
        }
        Test::Bool | Test::Null => boolean(text).map(Value::Bool).ok_or("true or false"),
        Test::Binary => BASE64.decode(text).map(Value::Bytes).map_err(|_| "base64"),
        Test::Ip => net(text).map(Value::Net).ok_or("an IP address or a CIDR range"),
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn net(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
