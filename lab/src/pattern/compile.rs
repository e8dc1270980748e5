//! From a pattern's JSON to the alternatives that AWS makes of it.
//!
//! `$or` is not looked at when an event comes: each of its members forks the alternatives read so far. A field named both
//! within and outside `$or` therefore keeps the entry that was written last, as in AWS.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::{InvalidPattern, Reason};
use super::expression::matcher;
use super::json::Node;
use super::matcher::Matcher;
use super::wildcard::too_complex;
use super::{Alternative, Dialect, Field};

/// How many combinations of `$or` members AWS accepts: the product of the lengths of all `$or` arrays.
const MAX_COMBINATIONS: usize = 1000;
/// How many fields all alternatives may have together: a filter policy has room for so many of both that it would take
/// gigabytes. AWS's own bounds on what a policy may combine are far below.
const MAX_FIELDS: usize = 200_000;

/// Names that no field within `$or` may have (`Constants.java` of `aws/event-ruler`): operators that exist, and some that
/// AWS keeps for later.
const RESERVED_IN_OR: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

type Rule = BTreeMap<String, Arc<[Matcher]>>;

/// Compiles a pattern: first with `$or` as the operator; if that fails, with `$or` as the name of a field, as AWS does.
pub(crate) fn compile(root: &Node, dialect: Dialect) -> Result<Vec<Alternative>, InvalidPattern> {
    let first = Compiler::new(dialect, true).run(root);
    let fallback = match first {
        Ok(alternatives) => return Ok(alternatives),
        Err(error) if matches!(error.reason, Reason::TooComplex | Reason::OrTooManyCombinations) => return Err(error),
        Err(error) => (error, Compiler::new(dialect, false).run(root)),
    };
    match fallback {
        (_, Ok(alternatives)) => Ok(alternatives),
        (first, Err(second)) if first == second => Err(first),
        (first, Err(second)) => Err(InvalidPattern { or_hint: Some(first.reason), ..second }),
    }
}

struct Compiler {
    dialect: Dialect,
    or_is_operator: bool,
    combinations: usize,
    fields: usize,
    path: Vec<String>,
}

impl Compiler {
    fn new(dialect: Dialect, or_is_operator: bool) -> Self {
        Self { dialect, or_is_operator, combinations: 1, fields: 0, path: Vec::new() }
    }

    fn run(mut self, root: &Node) -> Result<Vec<Alternative>, InvalidPattern> {
        let Node::Object(members) = root else { return Err(self.invalid(Reason::NotAnObject)) };
        let mut rules = vec![Rule::new()];
        self.object(&mut rules, members, false)?;
        for rule in &rules {
            for (path, matchers) in rule {
                if self.dialect == Dialect::EventBridge && too_complex(matchers.iter().flat_map(Matcher::wildcards)) {
                    return Err(InvalidPattern { reason: Reason::TooComplex, path: path.clone(), or_hint: None });
                }
            }
        }
        let fields = |rule: Rule| rule.into_iter().map(|(path, matchers)| Field { path, matchers }).collect();
        Ok(rules.into_iter().map(|rule| Alternative { fields: fields(rule) }).collect())
    }

    fn invalid(&self, reason: Reason) -> InvalidPattern {
        InvalidPattern { reason, path: self.path.join("."), or_hint: None }
    }

    fn object(&mut self, rules: &mut Vec<Rule>, members: &[(String, Node)], in_or: bool) -> Result<(), InvalidPattern> {
        if members.is_empty() {
            return Err(self.invalid(Reason::EmptyObject));
        }
        for (name, value) in members {
            if self.or_is_operator && name == "$or" {
                self.or(rules, value)?;
                continue;
            }
            self.path.push(name.clone());
            if in_or && RESERVED_IN_OR.contains(&name.as_str()) {
                return Err(self.invalid(Reason::OrReservedName(name.clone())));
            }
            match value {
                Node::Object(members) => self.object(rules, members, in_or)?,
                Node::Array(entries) => self.field(rules, entries)?,
                _ => return Err(self.invalid(Reason::NeitherObjectNorArray(name.clone()))),
            }
            self.path.pop();
        }
        Ok(())
    }

    fn or(&mut self, rules: &mut Vec<Rule>, value: &Node) -> Result<(), InvalidPattern> {
        let Node::Array(branches) = value else { return Err(self.invalid(Reason::OrNotAnArray)) };
        // Before the branches are read, so that a pattern cannot make the compiler copy without limit.
        self.combinations = self.combinations.saturating_mul(branches.len().max(1));
        if self.combinations > MAX_COMBINATIONS {
            return Err(self.invalid(Reason::OrTooManyCombinations));
        }
        let before = std::mem::take(rules);
        for branch in branches {
            let Node::Object(members) = branch else { return Err(self.invalid(Reason::OrMemberNotAnObject)) };
            self.count(before.iter().map(Rule::len).sum())?;
            let mut forked = before.clone();
            self.object(&mut forked, members, true)?;
            rules.append(&mut forked);
        }
        if branches.len() < 2 { Err(self.invalid(Reason::OrTooShort)) } else { Ok(()) }
    }

    /// Counts fields, before there are so many.
    fn count(&mut self, fields: usize) -> Result<(), InvalidPattern> {
        self.fields = self.fields.saturating_add(fields);
        if self.fields > MAX_FIELDS { Err(self.invalid(Reason::OrTooManyCombinations)) } else { Ok(()) }
    }

    fn field(&mut self, rules: &mut [Rule], entries: &[Node]) -> Result<(), InvalidPattern> {
        let matchers: Result<Arc<[Matcher]>, Reason> =
            entries.iter().map(|entry| matcher(entry, self.dialect)).collect();
        let matchers = matchers.map_err(|reason| self.invalid(reason))?;
        if matchers.is_empty() {
            return Err(self.invalid(Reason::EmptyArray));
        }
        self.count(rules.len())?;
        let path = self.path.join(".");
        for rule in rules {
            rule.insert(path.clone(), Arc::clone(&matchers));
        }
        Ok(())
    }
}
