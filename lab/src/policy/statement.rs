//! One statement, and why it does or does not apply to a request.

use super::Effect;
use super::condition::Condition;
use super::explanation::{Miss, StatementReport};
use super::principal::{PrincipalElement, PrincipalMatch};
use super::request::RequestContext;
use super::variable::Template;
use super::wildcard::{self, Token};

/// A statement of a policy. It applies when every one of its elements matches the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principal: Option<PrincipalElement>,
    pub(super) action: ActionElement,
    pub(super) resource: Option<ResourceElement>,
    pub(super) conditions: Vec<Condition>,
}

/// `Action` or `NotAction`: names and patterns, compared without regard to case.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionElement {
    pub(super) negated: bool,
    pub(super) patterns: Vec<String>,
}

/// `Resource` or `NotResource`: ARNs and patterns, compared with regard to case.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceElement {
    pub(super) negated: bool,
    pub(super) patterns: Vec<Template>,
}

impl ActionElement {
    /// `NotAction` or `Action`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.negated { "NotAction" } else { "Action" }
    }

    /// The actions listed.
    #[must_use]
    pub fn patterns(&self) -> Vec<&str> {
        self.patterns.iter().map(String::as_str).collect()
    }

    /// Whether the element covers the action.
    #[must_use]
    pub fn covers(&self, action: &str) -> bool {
        let matches = |pattern: &String| wildcard::matches_ignoring_case(&wildcard::tokens(pattern), action);
        self.patterns.iter().any(matches) != self.negated
    }
}

impl ResourceElement {
    /// `NotResource` or `Resource`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.negated { "NotResource" } else { "Resource" }
    }

    /// The resources listed, as the policy has them.
    #[must_use]
    pub fn patterns(&self) -> Vec<&str> {
        self.patterns.iter().map(Template::source).collect()
    }

    /// Whether the element covers the request's resource. A `*` may match across a colon, and an ARN of fewer than six
    /// components may stand for all that begin with it (IAM User Guide, *IAM JSON policy elements: Resource* and *IAM
    /// ARNs*). A variable without a value matches nothing, under `NotResource` too: the statement does not apply.
    #[must_use]
    pub fn covers(&self, request: &RequestContext) -> bool {
        let matches = |pattern: &Template| pattern.resolve(request).map(|tokens| names(tokens, &request.resource));
        match self.negated {
            false => self.patterns.iter().any(|pattern| matches(pattern) == Ok(true)),
            true => self.patterns.iter().all(|pattern| matches(pattern) == Ok(false)),
        }
    }
}

fn names(mut pattern: Vec<Token>, resource: &str) -> bool {
    if wildcard::matches(&pattern, resource) {
        return true;
    }
    let colons = pattern.iter().filter(|token| **token == Token::Literal(':')).count();
    pattern.extend([Token::Literal(':'), Token::Any].repeat(5_usize.saturating_sub(colons)));
    wildcard::matches(&pattern, resource)
}

impl Statement {
    /// The statement's `Sid`.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Allow or Deny.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whom it names; an identity policy's statement names nobody.
    #[must_use]
    pub fn principal(&self) -> Option<&PrincipalElement> {
        self.principal.as_ref()
    }

    /// Which actions it names.
    #[must_use]
    pub fn action(&self) -> &ActionElement {
        &self.action
    }

    /// Which resources it names; a trust policy's statement names none.
    #[must_use]
    pub fn resource(&self) -> Option<&ResourceElement> {
        self.resource.as_ref()
    }

    /// Its conditions, all of which must hold.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Every element that keeps the statement from applying, each with what it wants and what the request has.
    pub(super) fn report(&self, index: usize, request: &RequestContext) -> StatementReport {
        let mut misses = Vec::new();
        let matched_by = match &self.principal {
            None => Some(PrincipalMatch::Carrier),
            Some(element) => element.covers(&request.principal),
        };
        if let Some(element) = self.principal.as_ref().filter(|_| matched_by.is_none()) {
            misses.push(Miss::Principal {
                negated: element.negated,
                wanted: element.patterns.clone(),
                seen: request.principal.to_string(),
            });
        }
        if !self.action.covers(&request.action) {
            misses.push(Miss::Action {
                negated: self.action.negated,
                wanted: self.action.patterns.clone(),
                seen: request.action.clone(),
            });
        }
        if let Some(resource) = self.resource.as_ref().filter(|resource| !resource.covers(request)) {
            misses.push(Miss::Resource {
                negated: resource.negated,
                wanted: resource.patterns().into_iter().map(str::to_owned).collect(),
                seen: request.resource.clone(),
            });
        }
        for condition in self.conditions.iter().filter(|condition| !condition.holds(request)) {
            misses.push(Miss::Condition {
                operator: condition.operator(),
                key: condition.key().to_owned(),
                wanted: condition.wanted().into_iter().map(str::to_owned).collect(),
                seen: request.values(condition.key()).map(<[String]>::to_vec),
                unresolved: condition.unresolved(request),
            });
        }
        StatementReport { index, sid: self.sid.clone(), effect: self.effect, matched_by, misses }
    }
}
