//! Reading the entries of a field's array.
//!
//! The order of the checks is AWS's: the first key names the operator and its operand is read before a second key is noticed.

use serde_json::Number;

use super::Dialect;
use super::cidr::Cidr;
use super::error::Reason;
use super::json::Node;
use super::matcher::{Affix, AnythingBut, ExactString, Matcher};
use super::number::{Comparable, ExactNumber, NumericRange};
use super::wildcard::Wildcard;

/// Reads one entry of a field's array.
pub(crate) fn matcher(node: &Node, dialect: Dialect) -> Result<Matcher, Reason> {
    match node {
        Node::Null => Ok(Matcher::Null),
        Node::Bool(value) => Ok(Matcher::Bool(*value)),
        Node::Number(number) => Ok(Matcher::Number(number.clone().into())),
        Node::String(text) => Ok(Matcher::String(ExactString::new(text.clone()))),
        Node::Array(_) => Err(Reason::NotAValue),
        Node::Object(members) => expression(members, dialect),
    }
}

fn expression(members: &[(String, Node)], dialect: Dialect) -> Result<Matcher, Reason> {
    let [(name, operand), more @ ..] = members else { return Err(Reason::ExpressionWithoutName) };
    let matcher = match name.as_str() {
        "exactly" => Matcher::String(ExactString::new(string(operand, Reason::OperandNotAString("exact"))?)),
        "prefix" => Matcher::Prefix(affix(operand, "prefix", "Prefix")?),
        "suffix" => Matcher::Suffix(affix(operand, "suffix", "Suffix")?),
        "equals-ignore-case" => {
            Matcher::EqualsIgnoreCase(string(operand, Reason::OperandNotAString("equals-ignore-case"))?)
        }
        "wildcard" => Matcher::Wildcard(Wildcard::parse(&string(operand, Reason::OperandNotAString("wildcard"))?)?),
        "cidr" => Matcher::Cidr(Cidr::parse(&string(operand, Reason::CidrNotAString)?)?),
        "numeric" => Matcher::Numeric(numeric(operand)?),
        "exists" => match operand {
            Node::Bool(wanted) => Matcher::Exists(*wanted),
            _ => return Err(Reason::ExistsNotABoolean),
        },
        "anything-but" => Matcher::AnythingBut(anything_but(operand, dialect)?),
        _ => return Err(Reason::UnrecognizedMatchType(name.clone())),
    };
    match name.as_str() {
        _ if more.is_empty() => Ok(matcher),
        "numeric" | "anything-but" => Err(Reason::NumericTooManyElements),
        _ => Err(Reason::MoreThanOneKey),
    }
}

fn string(node: &Node, otherwise: Reason) -> Result<String, Reason> {
    match node {
        Node::String(text) => Ok(text.clone()),
        _ => Err(otherwise),
    }
}

fn affix(operand: &Node, operator: &'static str, capitalised: &'static str) -> Result<Affix, Reason> {
    let Node::Object(members) = operand else {
        return Ok(Affix { text: string(operand, Reason::OperandNotAString(operator))?, ignore_case: false });
    };
    let [(name, inner), more @ ..] = members.as_slice() else { return Err(Reason::AffixWithoutName(capitalised)) };
    if name != "equals-ignore-case" {
        return Err(Reason::UnsupportedAffix(operator, name.clone()));
    }
    let text = string(inner, Reason::OperandNotAString("equals-ignore-case"))?;
    if more.is_empty() { Ok(Affix { text, ignore_case: true }) } else { Err(Reason::MoreThanOneKey) }
}

fn numeric(operand: &Node) -> Result<NumericRange, Reason> {
    let Node::Array(items) = operand else { return Err(Reason::NumericNotAnArray) };
    // What the streaming parser of AWS sees past the last member is the bracket that closes the array.
    let sign = match items.first() {
        Some(Node::String(sign)) => sign.as_str(),
        Some(other) => return Err(Reason::NumericInvalidMember(other.token())),
        None => return Err(Reason::NumericInvalidMember("]".to_owned())),
    };
    if !matches!(sign, "=" | ">" | ">=" | "<" | "<=") {
        return Err(Reason::NumericUnrecognizedOperator(sign.to_owned()));
    }
    let number = operand_number(items.get(1), if sign == "=" { "equals" } else { sign })?;
    if items.len() > 2 && !sign.starts_with('>') {
        return Err(Reason::NumericTooManyElements);
    }
    match sign {
        "=" => NumericRange::equal(number),
        "<" | "<=" => NumericRange::below(number, sign == "<="),
        _ if items.len() == 2 => NumericRange::above(number, sign == ">="),
        _ => NumericRange::between((number, sign == ">="), second_comparison(&items[2..])?),
    }
}

/// The `<`, `<=` and number that complete a range; `items` is not empty.
fn second_comparison(items: &[Node]) -> Result<(&Number, bool), Reason> {
    let sign = match items.first() {
        Some(Node::String(sign)) => sign.as_str(),
        other => return Err(Reason::NumericBadValue(other.map_or_else(|| "]".to_owned(), Node::token))),
    };
    if !matches!(sign, "<" | "<=") {
        return Err(Reason::NumericBadRangeOperator(sign.to_owned()));
    }
    let number = operand_number(items.get(1), sign)?;
    if items.len() > 2 { Err(Reason::NumericTooManyTerms) } else { Ok((number, sign == "<=")) }
}

fn operand_number<'n>(node: Option<&'n Node>, operator: &str) -> Result<&'n Number, Reason> {
    match node {
        Some(Node::Number(number)) => Ok(number),
        _ => Err(Reason::NumericValueNotANumber(operator.to_owned())),
    }
}

fn anything_but(operand: &Node, dialect: Dialect) -> Result<AnythingBut, Reason> {
    match operand {
        Node::Object(members) => nested_anything_but(members, dialect),
        Node::Array(items) => anything_but_list(items),
        Node::String(_) | Node::Number(_) => anything_but_list(std::slice::from_ref(operand)),
        Node::Null | Node::Bool(_) => Err(Reason::AnythingButBadValue),
    }
}

fn anything_but_list(items: &[Node]) -> Result<AnythingBut, Reason> {
    let (mut strings, mut numbers) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Node::String(text) => strings.push(text.clone()),
            Node::Number(number) => {
                Comparable::new(number)?;
                numbers.push(ExactNumber::new(number.clone()));
            }
            _ => return Err(Reason::AnythingButBadMember),
        }
    }
    match (strings.is_empty(), numbers.is_empty()) {
        (false, true) => Ok(AnythingBut::Strings(strings)),
        (true, false) => Ok(AnythingBut::Numbers(numbers)),
        _ => Err(Reason::AnythingButMixed),
    }
}

fn nested_anything_but(members: &[(String, Node)], dialect: Dialect) -> Result<AnythingBut, Reason> {
    let [(name, operand), more @ ..] = members else { return Err(Reason::AnythingButWithoutName) };
    if !dialect.negates(name) {
        return Err(Reason::UnsupportedAnythingBut(name.clone()));
    }
    let items = match operand {
        Node::Array(items) => items.as_slice(),
        Node::String(_) | Node::Number(_) => std::slice::from_ref(operand),
        _ => return Err(Reason::AnythingButBadValue),
    };
    if items.is_empty() {
        return Err(Reason::EmptyArray);
    }
    let not_a_string = match name.as_str() {
        "equals-ignore-case" => Reason::AnythingButIgnoreCaseNotAString,
        "wildcard" => Reason::OperandNotAString("wildcard"),
        _ => Reason::AnythingButAffixNotAString,
    };
    let is_affix = matches!(name.as_str(), "prefix" | "suffix");
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        let text = string(item, not_a_string.clone())?;
        if is_affix && text.is_empty() {
            return Err(Reason::AnythingButAffixEmpty);
        }
        texts.push(text);
    }
    let but = match name.as_str() {
        "prefix" => AnythingBut::Prefixes(texts),
        "suffix" => AnythingBut::Suffixes(texts),
        "equals-ignore-case" => AnythingBut::IgnoreCase(texts),
        _ => AnythingBut::Wildcards(texts.iter().map(|text| Wildcard::parse(text)).collect::<Result<_, _>>()?),
    };
    if more.is_empty() { Ok(but) } else { Err(Reason::NumericTooManyElements) }
}
