//! The grammar of a policy, checked in full.
//!
//! Source: IAM User Guide, *Grammar of the IAM JSON policy language*. The messages are those of IAM (`Syntax errors in
//! policy.`, `Has prohibited field Resource`), S3 (`Missing required field Effect`) or SNS where these are known.

use super::condition::Condition;
use super::json;
use super::malformed::MalformedPolicy;
use super::operator::Operator;
use super::principal::{PrincipalElement, PrincipalPattern};
use super::statement::{ActionElement, ResourceElement, Statement};
use super::variable::{Features, Template};
use super::{Effect, Policy, PolicyKind, Version};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

type Parsed<T> = Result<T, MalformedPolicy>;
type Object = Map<String, Value>;

const PREFACED: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

pub(super) fn policy(text: &str, kind: PolicyKind) -> Parsed<Policy> {
    let value = json::parse(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let why = error.to_string();
        let why = why.strip_suffix(&format!(" at {}", place.replace(',', ""))).unwrap_or(&why);
        MalformedPolicy::new(place, format!("This policy contains invalid Json ({why})"))
    })?;
    let root = object(&value, "")?;
    known_fields(root, "", &["Version", "Id", "Statement"])?;
    let version = match root.get("Version") {
        None => Version::V2008,
        Some(Value::String(version)) if version == "2012-10-17" => Version::V2012,
        Some(Value::String(version)) if version == "2008-10-17" => Version::V2008,
        Some(other) => {
            let why = format!("The policy must contain a valid version string: 2012-10-17 or 2008-10-17, not {other}");
            return Err(MalformedPolicy::new("Version", why));
        }
    };
    let id = optional_string(root, "", "Id")?;
    let parser = Parser { kind, variables: version == Version::V2012 };
    Ok(Policy { text: text.to_owned(), version, id, statements: parser.statements(root)? })
}

struct Parser {
    kind: PolicyKind,
    variables: bool,
}

impl Parser {
    fn statements(&self, root: &Object) -> Parsed<Vec<Statement>> {
        let statements = match root.get("Statement") {
            None => return Err(missing("", "Statement")),
            Some(Value::Array(list)) if list.is_empty() => {
                return Err(MalformedPolicy::new("Statement", "Syntax errors in policy. (there is no statement)"));
            }
            Some(Value::Array(list)) => {
                let parse = |(i, value)| self.statement(value, &format!("Statement[{i}]"));
                list.iter().enumerate().map(parse).collect::<Parsed<Vec<_>>>()?
            }
            Some(single) => vec![self.statement(single, "Statement")?],
        };
        let mut sids = BTreeSet::new();
        for (index, sid) in statements.iter().enumerate().filter_map(|(i, s)| Some((i, s.sid.as_deref()?))) {
            if !sid.is_empty() && !sids.insert(sid) {
                let why = format!("Statement IDs (SID) in a single policy must be unique. ({sid})");
                return Err(MalformedPolicy::new(format!("Statement[{index}].Sid"), why));
            }
        }
        Ok(statements)
    }

    fn statement(&self, value: &Value, at: &str) -> Parsed<Statement> {
        let object = object(value, at)?;
        let fields = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        known_fields(object, at, &fields)?;
        Ok(Statement {
            sid: optional_string(object, at, "Sid")?,
            effect: effect(object, at)?,
            principal: self.principals(object, at)?,
            action: self.actions(object, at)?,
            resource: self.resources(object, at)?,
            conditions: self.conditions(object, at)?,
        })
    }

    fn principals(&self, object: &Object, at: &str) -> Parsed<Option<PrincipalElement>> {
        if self.kind != PolicyKind::Identity {
            return principals(object, at).map(Some);
        }
        match ["Principal", "NotPrincipal"].into_iter().find(|field| object.contains_key(*field)) {
            Some(field) => {
                Err(MalformedPolicy::new(path(at, field), "Policy document should not specify a principal."))
            }
            None => Ok(None),
        }
    }

    fn actions(&self, object: &Object, at: &str) -> Parsed<ActionElement> {
        let element = actions(object, at, self.kind)?;
        let of_sts = |action: &str| action.get(..4).is_some_and(|vendor| vendor.eq_ignore_ascii_case("sts:"));
        match element.patterns.iter().find(|action| self.kind == PolicyKind::Trust && !of_sts(action)) {
            Some(action) => {
                let why = format!("AssumeRole policy may only specify STS AssumeRole actions. ({action})");
                Err(MalformedPolicy::new(path(at, element.name()), why))
            }
            None => Ok(element),
        }
    }

    fn resources(&self, object: &Object, at: &str) -> Parsed<Option<ResourceElement>> {
        if self.kind == PolicyKind::Trust {
            return match ["Resource", "NotResource"].into_iter().find(|field| object.contains_key(*field)) {
                Some(field) => Err(MalformedPolicy::new(path(at, field), format!("Has prohibited field {field}"))),
                None => Ok(None),
            };
        }
        let (negated, value, at) = one_of(object, at, "Resource", "NotResource")?;
        let listed = strings(value, &at)?;
        if listed.is_empty() {
            return Err(MalformedPolicy::new(at, "Policy statement must contain resources."));
        }
        let features = Features { wildcards: true, variables: self.variables };
        let parse = |(text, at): (&str, String)| match text == "*" || text.starts_with("arn:") {
            true => Ok(Template::parse(text, features)),
            false => Err(MalformedPolicy::new(at, format!("Resource {text} must be in ARN format or \"*\"."))),
        };
        Ok(Some(ResourceElement { negated, patterns: listed.into_iter().map(parse).collect::<Parsed<_>>()? }))
    }

    fn conditions(&self, statement: &Object, at: &str) -> Parsed<Vec<Condition>> {
        let Some(value) = statement.get("Condition") else { return Ok(Vec::new()) };
        let at = path(at, "Condition");
        let mut conditions = Vec::new();
        for (name, keys) in object(value, &at)? {
            let at = path(&at, name);
            // IAM takes any name for an operator that nothing is compared with.
            if self.kind == PolicyKind::Identity && keys.as_object().is_some_and(Map::is_empty) {
                continue;
            }
            let Some(operator) = Operator::parse(name) else {
                return Err(MalformedPolicy::new(at, format!("Invalid Condition type : {name}")));
            };
            for (key, values) in object(keys, &at)? {
                let at = path(&at, key);
                // In an identity policy IAM takes a key without a vendor; no request ever has it.
                if !key.contains(':') && self.kind != PolicyKind::Identity {
                    return Err(MalformedPolicy::new(at, PREFACED));
                }
                let condition = Condition::new(operator, key.clone(), scalars(values, &at)?, self.variables);
                let explain = |(value, expected)| {
                    let why =
                        format!("Invalid value for the condition operator {operator}: {value:?} is not {expected}");
                    MalformedPolicy::new(at, why)
                };
                conditions.push(condition.map_err(explain)?);
            }
        }
        Ok(conditions)
    }
}

fn effect(object: &Object, at: &str) -> Parsed<Effect> {
    match object.get("Effect") {
        None => Err(missing(at, "Effect")),
        Some(Value::String(effect)) if effect == "Allow" => Ok(Effect::Allow),
        Some(Value::String(effect)) if effect == "Deny" => Ok(Effect::Deny),
        Some(Value::String(effect)) => {
            Err(MalformedPolicy::new(path(at, "Effect"), format!("Invalid effect: {effect} (neither Allow nor Deny)")))
        }
        Some(_) => Err(syntax(path(at, "Effect"), "a string")),
    }
}

fn principals(object: &Object, at: &str) -> Parsed<PrincipalElement> {
    let (negated, value, at) = one_of(object, at, "Principal", "NotPrincipal")?;
    let map = match value {
        Value::String(all) if all == "*" => {
            return Ok(PrincipalElement { negated, patterns: vec![PrincipalPattern::Everyone] });
        }
        Value::Object(map) if !map.is_empty() => map,
        other => return Err(MalformedPolicy::new(at, format!("Invalid principal in policy: {other}"))),
    };
    let mut patterns = Vec::new();
    for (kind, value) in map {
        let at = path(&at, kind);
        let parse: fn(&str) -> Option<PrincipalPattern> = match kind.as_str() {
            "AWS" => PrincipalPattern::aws,
            "Service" => PrincipalPattern::service,
            "Federated" => |text| (!text.is_empty()).then(|| PrincipalPattern::Federated(text.to_owned())),
            "CanonicalUser" => |text| (!text.is_empty()).then(|| PrincipalPattern::CanonicalUser(text.to_owned())),
            _ => return Err(MalformedPolicy::new(at, format!("Invalid principal in policy: unknown kind {kind}"))),
        };
        let listed = strings(value, &at)?;
        if listed.is_empty() {
            return Err(MalformedPolicy::new(at, "Invalid principal in policy: the list is empty"));
        }
        for (text, at) in listed {
            let invalid = || format!("Invalid principal in policy: \"{}\":{text:?}", kind.to_ascii_uppercase());
            patterns.push(parse(text).ok_or_else(|| MalformedPolicy::new(at, invalid()))?);
        }
    }
    Ok(PrincipalElement { negated, patterns })
}

fn actions(object: &Object, at: &str, kind: PolicyKind) -> Parsed<ActionElement> {
    let (negated, value, at) = one_of(object, at, "Action", "NotAction")?;
    let listed = strings(value, &at)?;
    if listed.is_empty() {
        return Err(MalformedPolicy::new(at, "Policy statement must contain actions."));
    }
    // IAM takes dots and spaces that the services refuse.
    let is_lax = kind == PolicyKind::Identity;
    let of_vendor = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || (is_lax && b == b'.');
    let check = |(text, at): (&str, String)| match text.split_once(':') {
        None if text == "*" => Ok(text.to_owned()),
        None => Err(MalformedPolicy::new(at, format!("{PREFACED} ({text})"))),
        Some((vendor, _)) if vendor.is_empty() || !vendor.bytes().all(of_vendor) => {
            Err(MalformedPolicy::new(at, format!("Vendor {vendor} is not valid ({text})")))
        }
        Some((_, name)) if name.is_empty() || name.contains(':') || (name.contains(' ') && !is_lax) => {
            Err(MalformedPolicy::new(at, format!("Policy has invalid action {text:?}")))
        }
        Some(_) => Ok(text.to_owned()),
    };
    Ok(ActionElement { negated, patterns: listed.into_iter().map(check).collect::<Parsed<_>>()? })
}

/// The one of two fields that exclude each other, and that a statement must have one of.
fn one_of<'a>(
    object: &'a Object,
    at: &str,
    plain: &'static str,
    negated: &'static str,
) -> Parsed<(bool, &'a Value, String)> {
    match (object.get(plain), object.get(negated)) {
        (Some(value), None) => Ok((false, value, path(at, plain))),
        (None, Some(value)) => Ok((true, value, path(at, negated))),
        (None, None) => Err(missing(at, plain)),
        (Some(_), Some(_)) => {
            let why = format!("Syntax errors in policy. ({plain} and {negated} exclude each other)");
            Err(MalformedPolicy::new(path(at, negated), why))
        }
    }
}

/// A string, or a list of strings, each with its place.
fn strings<'a>(value: &'a Value, at: &str) -> Parsed<Vec<(&'a str, String)>> {
    match value {
        Value::String(text) => Ok(vec![(text, at.to_owned())]),
        Value::Array(list) => {
            let each = |(i, value): (usize, &'a Value)| {
                let at = format!("{at}[{i}]");
                match value.as_str() {
                    Some(text) => Ok((text, at)),
                    None => Err(syntax(at, "a string")),
                }
            };
            list.iter().enumerate().map(each).collect()
        }
        _ => Err(syntax(at.to_owned(), "a string or a list of strings")),
    }
}

/// A string, number or Boolean, or a list of these, as text.
fn scalars(value: &Value, at: &str) -> Parsed<Vec<String>> {
    let scalar = |value: &Value, at: String| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(syntax(at, "a string, a number or a Boolean, or a list of these")),
    };
    match value {
        Value::Array(list) => list.iter().enumerate().map(|(i, value)| scalar(value, format!("{at}[{i}]"))).collect(),
        single => Ok(vec![scalar(single, at.to_owned())?]),
    }
}

fn optional_string(object: &Object, at: &str, field: &str) -> Parsed<Option<String>> {
    match object.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(syntax(path(at, field), "a string")),
    }
}

fn object<'a>(value: &'a Value, at: &str) -> Parsed<&'a Object> {
    value.as_object().ok_or_else(|| syntax(at.to_owned(), "an object"))
}

/// A misspelt field would otherwise be a condition that is silently not there.
fn known_fields(object: &Object, at: &str, known: &[&str]) -> Parsed<()> {
    match object.keys().find(|field| !known.contains(&field.as_str())) {
        Some(field) => Err(MalformedPolicy::new(path(at, field), format!("Unknown field {field}"))),
        None => Ok(()),
    }
}

fn path(at: &str, field: &str) -> String {
    if at.is_empty() { field.to_owned() } else { format!("{at}.{field}") }
}

fn missing(at: &str, field: &str) -> MalformedPolicy {
    MalformedPolicy::new(at, format!("Missing required field {field}"))
}

fn syntax(at: String, expected: &str) -> MalformedPolicy {
    MalformedPolicy::new(at, format!("Syntax errors in policy. (expected {expected})"))
}
