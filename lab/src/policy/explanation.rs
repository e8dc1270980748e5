//! Why a decision is what it is: each statement, and what kept it from applying.

use super::Effect;
use super::operator::{Operator, Order, Qualifier, Test};
use super::principal::{PrincipalMatch, PrincipalPattern};
use super::request::RequestContext;
use serde::Serialize;
use std::fmt;

/// What the statements and the caller's own permissions come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Outcome {
    /// Allowed.
    Allow,
    /// Denied by a statement.
    ExplicitDeny,
    /// Allowed by nothing.
    ImplicitDeny,
}

/// The part that the caller's own permissions had in the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "scope")]
pub enum IdentityPermission {
    /// None: a service, nobody, or a policy evaluated by itself.
    NotConsidered,
    /// The caller is of the account that owns the resource: its own permissions suffice.
    SameAccount {
        /// Whether they allow.
        allows: bool,
    },
    /// The caller is of another account: its own permissions are necessary.
    OtherAccount {
        /// Whether they allow.
        allows: bool,
    },
}

/// An element that does not match: what it wants, and what the request has.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "element")]
pub enum Miss {
    /// `Principal` or `NotPrincipal`.
    Principal {
        /// Whether it is `NotPrincipal`.
        negated: bool,
        /// The principals listed.
        wanted: Vec<PrincipalPattern>,
        /// The request's.
        seen: String,
    },
    /// `Action` or `NotAction`.
    Action {
        /// Whether it is `NotAction`.
        negated: bool,
        /// The actions listed.
        wanted: Vec<String>,
        /// The request's.
        seen: String,
    },
    /// `Resource` or `NotResource`.
    Resource {
        /// Whether it is `NotResource`.
        negated: bool,
        /// The resources listed.
        wanted: Vec<String>,
        /// The request's.
        seen: String,
    },
    /// A condition.
    Condition {
        /// Its operator.
        operator: Operator,
        /// Its key, as the policy spells it.
        key: String,
        /// Its values, as the policy has them.
        wanted: Vec<String>,
        /// The request's values of the key; `None` when the request does not have it.
        seen: Option<Vec<String>>,
        /// Policy variables in `wanted` that the request has no value for.
        unresolved: Vec<String>,
    },
}

/// What came of one statement. It applied when nothing missed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementReport {
    /// Its place in the policy, from 0.
    pub index: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Its effect.
    pub effect: Effect,
    /// By what its principal element covers the caller; `None` when it does not.
    pub matched_by: Option<PrincipalMatch>,
    /// Every element that does not match; empty when the statement applied.
    pub misses: Vec<Miss>,
}

/// Why a decision is what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    principal: String,
    action: String,
    resource: String,
    identity: IdentityPermission,
    statements: Vec<StatementReport>,
}

impl Explanation {
    pub(super) fn new(
        request: &RequestContext,
        mut statements: Vec<StatementReport>,
        identity: IdentityPermission,
    ) -> Self {
        statements.sort_by_key(StatementReport::distance);
        Self {
            principal: request.principal.to_string(),
            action: request.action.clone(),
            resource: request.resource.clone(),
            identity,
            statements,
        }
    }

    /// Who asked: an ARN, or a service's principal name.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// What for: `sns:Publish`.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// On what: the resource's ARN.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Every statement: first those that applied (a Deny before an Allow), then the Allows that missed, the nearest miss
    /// first, then the Denies that missed.
    #[must_use]
    pub fn statements(&self) -> &[StatementReport] {
        &self.statements
    }

    /// The part that the caller's own permissions had.
    #[must_use]
    pub fn identity(&self) -> IdentityPermission {
        self.identity
    }

    /// What it all comes to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let applied = |effect| self.statements.iter().filter(move |s| s.applied() && s.effect == effect);
        let granted = applied(Effect::Allow).next().is_some();
        // In the owner's own account, naming the account grants nothing by itself.
        let granted_by_name = applied(Effect::Allow).any(|s| s.matched_by != Some(PrincipalMatch::Account));
        let allowed = match self.identity {
            IdentityPermission::NotConsidered => granted,
            IdentityPermission::SameAccount { allows } => allows || granted_by_name,
            IdentityPermission::OtherAccount { allows } => allows && granted,
        };
        match applied(Effect::Deny).next() {
            Some(_) => Outcome::ExplicitDeny,
            None if allowed => Outcome::Allow,
            None => Outcome::ImplicitDeny,
        }
    }

    /// The statement that decides: the Deny that applies, else the Allow that does. `None` when no statement applies.
    #[must_use]
    pub fn decisive(&self) -> Option<&StatementReport> {
        self.statements.first().filter(|statement| statement.applied())
    }

    /// The Allow that came closest without applying: where to look when a request is refused.
    #[must_use]
    pub fn nearest_miss(&self) -> Option<&StatementReport> {
        self.statements.iter().find(|statement| !statement.applied() && statement.effect == Effect::Allow)
    }

    /// One sentence: who may or may not do what, and which statement decides it, or comes closest.
    #[must_use]
    pub fn headline(&self) -> String {
        let (who, what) = (&self.principal, &self.action);
        match (self.outcome(), self.decisive()) {
            (Outcome::ExplicitDeny, Some(deny)) => format!("{} denies {who} {what}", deny.name()),
            (Outcome::Allow, Some(allow)) => format!("{} allows {who} to {what}", allow.name()),
            (Outcome::Allow, None) => format!("{who} may {what} by its own permissions"),
            (_, Some(allow)) => {
                format!("{} lets {who} {what}, but its own permissions do not, and they must as well", allow.name())
            }
            (_, None) => match self.nearest_miss() {
                Some(near) => format!("no statement allows {who} to {what}: {} {}", near.name(), near.because()),
                None if self.statements.is_empty() => {
                    format!("nothing allows {who} to {what}: {} has no policy", self.resource)
                }
                None => format!("no statement allows {who} to {what}: the policy has only Deny statements"),
            },
        }
    }
}

impl StatementReport {
    /// Whether the statement applied to the request.
    #[must_use]
    pub fn applied(&self) -> bool {
        self.misses.is_empty()
    }

    /// ``statement `rule` ``, or `statement 2` (counted from 1) when it has no `Sid`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.sid {
            Some(sid) => format!("statement `{sid}`"),
            None => format!("statement {}", self.index + 1),
        }
    }

    /// What kept it from applying, in words whose subject is the statement; empty when it applied.
    #[must_use]
    pub fn because(&self) -> String {
        self.misses.iter().map(ToString::to_string).collect::<Vec<_>>().join("; it ")
    }

    /// The order of an explanation's statements. A miss weighs more the less likely it is that the statement was meant
    /// for this request: another action is another purpose, another rule's ARN is a slip.
    fn distance(&self) -> (u8, usize, usize) {
        let group = match (self.applied(), self.effect) {
            (true, Effect::Deny) => 0,
            (true, Effect::Allow) => 1,
            (false, Effect::Allow) => 2,
            (false, Effect::Deny) => 3,
        };
        let weight = |miss: &Miss| match miss {
            Miss::Action { .. } => 80,
            Miss::Principal { .. } => 60,
            Miss::Resource { .. } => 40,
            Miss::Condition { seen: None, .. } => 3,
            Miss::Condition { .. } => 2,
        };
        (group, self.misses.iter().map(weight).sum(), self.index)
    }
}

impl Miss {
    /// The element that does not match, as a policy spells it: `Principal`, `NotAction`, `Condition`.
    #[must_use]
    pub fn element(&self) -> &'static str {
        match self {
            Self::Principal { negated: false, .. } => "Principal",
            Self::Principal { .. } => "NotPrincipal",
            Self::Action { negated: false, .. } => "Action",
            Self::Action { .. } => "NotAction",
            Self::Resource { negated: false, .. } => "Resource",
            Self::Resource { .. } => "NotResource",
            Self::Condition { .. } => "Condition",
        }
    }

    /// What the element wants, as the policy has it: principals, actions, resources, or the values of the key.
    #[must_use]
    pub fn wanted(&self) -> Vec<String> {
        match self {
            Self::Principal { wanted, .. } => wanted.iter().map(ToString::to_string).collect(),
            Self::Action { wanted, .. } | Self::Resource { wanted, .. } | Self::Condition { wanted, .. } => {
                wanted.clone()
            }
        }
    }

    /// What the request has there; `None` when it does not have the condition's key.
    #[must_use]
    pub fn seen(&self) -> Option<Vec<String>> {
        match self {
            Self::Principal { seen, .. } | Self::Action { seen, .. } | Self::Resource { seen, .. } => {
                Some(vec![seen.clone()])
            }
            Self::Condition { seen, .. } => seen.clone(),
        }
    }

    /// The condition's key, as the policy spells it.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Condition { key, .. } => Some(key),
            _ => None,
        }
    }

    /// What makes the two values differ, when both are ARNs or differ only in spelling: `the Region differs`. `None` when
    /// there is nothing to add to the values themselves.
    #[must_use]
    pub fn difference(&self) -> Option<String> {
        let (wanted, seen) = match self {
            Self::Resource { negated: false, wanted, seen } => (wanted, seen),
            Self::Condition { operator, wanted, seen: Some(seen), .. } if !operator.is_negated() => {
                (wanted, seen.first()?)
            }
            _ => return None,
        };
        let [wanted] = wanted.as_slice() else { return None };
        if wanted.eq_ignore_ascii_case(seen) {
            return Some("only the case differs".to_owned());
        }
        if wanted.trim() == seen.trim() {
            return Some("only spaces around it differ".to_owned());
        }
        let (wanted, seen): (Vec<_>, Vec<_>) = (wanted.splitn(6, ':').collect(), seen.splitn(6, ':').collect());
        if wanted.len() != 6 || seen.len() != 6 {
            return None;
        }
        let names = ["scheme", "partition", "service", "Region", "account", "resource"];
        let differs: Vec<&str> = (0..6).filter(|&i| wanted[i] != seen[i]).map(|i| names[i]).collect();
        match differs.as_slice() {
            [only] if *only != "resource" => Some(format!("only the {only} differs")),
            _ => None,
        }
    }
}

impl fmt::Display for Miss {
    /// Predicate of a sentence whose subject is the statement: `wants aws:SourceArn X, the request has Y`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = |negated: &bool| if *negated { "excludes" } else { "wants" };
        match self {
            Self::Principal { negated, wanted, seen } => {
                let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
                write!(f, "{} principal {}, the request is from {seen}", verb(negated), either(&wanted))
            }
            Self::Action { negated, wanted, seen } => {
                write!(f, "{} action {}, the request is {seen}", verb(negated), either(wanted))
            }
            Self::Resource { negated, wanted, seen } => {
                write!(f, "{} resource {}, the request is for {seen}", verb(negated), either(wanted))
            }
            Self::Condition { operator, key, wanted, seen, unresolved } => {
                write!(f, "wants {}, the request has ", wish(*operator, key, wanted))?;
                match seen {
                    Some(seen) => f.write_str(&seen.join(", "))?,
                    None => write!(f, "no {key}")?,
                }
                match unresolved.is_empty() {
                    true => Ok(()),
                    false => write!(f, " and no value for the variable {}", unresolved.join(", ")),
                }
            }
        }
    }
}

/// A condition in words.
fn wish(operator: Operator, key: &str, wanted: &[String]) -> String {
    let relation = match operator.base.test {
        Test::Null => {
            let absent = wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case("true"));
            return if absent { format!("no {key}") } else { format!("{key} to be present") };
        }
        Test::Ip if operator.base.negated => "outside ",
        _ if operator.base.negated => "other than ",
        Test::Ip => "within ",
        Test::Numeric(order) | Test::Date(order) => match order {
            Order::Equal => "",
            Order::Less => "less than ",
            Order::LessOrEqual => "at most ",
            Order::Greater => "greater than ",
            Order::GreaterOrEqual => "at least ",
        },
        _ => "",
    };
    let quantity = match operator.qualifier {
        Some(Qualifier::ForAllValues) => "every ",
        Some(Qualifier::ForAnyValue) => "some ",
        None => "",
    };
    format!("{quantity}{key} {relation}{}", either(wanted))
}

fn either(wanted: &[String]) -> String {
    match wanted {
        [] => "of an empty list".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

impl fmt::Display for Explanation {
    /// The headline, then a line for each statement.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        for statement in &self.statements {
            write!(f, "\n- {statement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for StatementReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}) ", self.name(), self.effect)?;
        if self.applied() {
            return f.write_str("applies");
        }
        f.write_str("does not apply: it ")?;
        for (i, miss) in self.misses.iter().enumerate() {
            write!(f, "{}{miss}", if i == 0 { "" } else { "; it " })?;
            if let Some(difference) = miss.difference() {
                write!(f, " ({difference})")?;
            }
        }
        Ok(())
    }
}
