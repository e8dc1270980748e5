//! What policies would allow, without doing it: `SimulatePrincipalPolicy` and `SimulateCustomPolicy`.
//!
//! A simulation knows only the context that it is given: a condition on a key that is not there is named in
//! `MissingContextValues`. The places of matched statements are left out.
//!
//! Source: *Testing IAM policies with the IAM policy simulator* in the IAM User Guide, and the IAM API reference.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::carrier::Kind;
use super::page::ListInput;
use super::permissions::Sourced;
use super::{Iam, document, name, no_such_entity};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::{Effect, Permissions, Policy, PolicyKind, Principal, RequestContext};

/// The longest name of an action, and the longest ARN of a resource ("SimulateCustomPolicy" in the API reference).
const LONGEST_ACTION: usize = 128;
const LONGEST_RESOURCE: usize = 2048;
/// How many characters of policies are read for one page of results, at the most: those of all policies for each of the
/// page's results. A page of a thousand has ten kilobytes of policies for each.
const MOST_READ: usize = 10_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    policy_source_arn: Option<String>,
    #[serde(default)]
    policy_input_list: Vec<String>,
    #[serde(default)]
    permissions_boundary_policy_input_list: Vec<String>,
    action_names: Vec<String>,
    #[serde(default)]
    resource_arns: Vec<String>,
    resource_policy: Option<String>,
    resource_owner: Option<String>,
    caller_arn: Option<String>,
    #[serde(default)]
    context_entries: Vec<ContextEntry>,
    resource_handling_option: Option<String>,
    max_items: Option<usize>,
    marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ContextEntry {
    context_key_name: String,
    #[serde(default)]
    context_key_values: Vec<String>,
    #[serde(rename = "ContextKeyType")]
    _kind: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    evaluation_results: Vec<Evaluation>,
    is_truncated: bool,
    marker: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Evaluation {
    eval_action_name: String,
    eval_resource_name: String,
    eval_decision: &'static str,
    matched_statements: Vec<MatchedStatement>,
    missing_context_values: Vec<String>,
    permissions_boundary_decision_detail: Option<BoundaryDetail>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MatchedStatement {
    source_policy_id: String,
    source_policy_type: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryDetail {
    allowed_by_permissions_boundary: bool,
}

/// What a simulation is about.
struct Simulation {
    policies: Vec<Sourced>,
    /// The same policies and the boundary, as they decide together.
    permissions: Permissions,
    resource: Option<Policy>,
    caller: Principal,
    owner: String,
}

pub(super) fn custom(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    if input.policy_source_arn.is_some() {
        return Err(AwsError::bad_request("ValidationError", "The parameter PolicySourceArn is not recognized"));
    }
    let policies = of_input(&input.policy_input_list, "PolicyInputList")?;
    let boundary = boundary_of_input(&input)?;
    let caller = input.caller_arn.clone();
    run(iam, call, input, policies, boundary, caller)
}

pub(super) fn principal(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let source = input.policy_source_arn.clone().ok_or_else(|| super::page::missing("PolicySourceArn"))?;
    let account = &call.scope.account;
    let entity = source.strip_prefix(&format!("arn:aws:iam::{account}:")).and_then(|entity| entity.split_once('/'));
    let kind = match entity {
        Some(("user", _)) => Kind::User,
        Some(("group", _)) => Kind::Group,
        Some(("role", _)) => Kind::Role,
        _ => return Err(AwsError::bad_request("InvalidInput", format!("Invalid Entity Arn: {source}"))),
    };
    let name = source.rsplit('/').next().unwrap_or_default();
    let (mut policies, own_boundary) = iam.on_account(call, |known| {
        known.policies_of(kind, name).map_err(|_| no_such_entity(format!("The entity {source} cannot be found.")))?;
        let key = name.to_ascii_lowercase();
        let boundary = match kind {
            Kind::User => known.users.get(&key).and_then(|user| user.boundary.as_ref()),
            Kind::Role => known.roles.get(&key).and_then(|role| role.boundary.as_ref()),
            Kind::Group => None,
        };
        Ok::<_, AwsError>((known.sourced(kind, name), known.boundary(boundary)))
    })?;
    policies.extend(of_input(&input.policy_input_list, "PolicyInputList")?);
    let boundary = boundary_of_input(&input)?.or(own_boundary);
    let caller = input.caller_arn.clone().or_else(|| (kind != Kind::Group).then_some(source));
    run(iam, call, input, policies, boundary, caller)
}

fn of_input(texts: &[String], list: &str) -> Result<Vec<Sourced>, AwsError> {
    let policy = |(index, text): (usize, &String)| {
        let policy = document::parse(text, PolicyKind::Identity)
            .map_err(|error| AwsError::bad_request("InvalidInput", error.message))?;
        Ok(Sourced { id: format!("{list}.{}", index + 1), kind: "IAM Policy", policy })
    };
    texts.iter().enumerate().map(policy).collect()
}

fn boundary_of_input(input: &Input) -> Result<Option<Policy>, AwsError> {
    let list = &input.permissions_boundary_policy_input_list;
    if list.len() > 1 {
        let message = "Only one permissions boundary policy may be given";
        return Err(AwsError::bad_request("InvalidInput", message));
    }
    Ok(of_input(list, "PermissionsBoundaryPolicyInputList")?.pop().map(|sourced| sourced.policy))
}

fn run(
    iam: &Iam,
    call: &Call,
    input: Input,
    policies: Vec<Sourced>,
    boundary: Option<Policy>,
    caller: Option<String>,
) -> Result<Reply, AwsError> {
    let _ = iam;
    if input.resource_handling_option.is_some() {
        return Err(call.unsupported_parameter("ResourceHandlingOption"));
    }
    if let Some(action) = input.action_names.iter().find(|action| !action.contains(':') || action.contains('*')) {
        return Err(AwsError::bad_request("InvalidInput", format!("Invalid Action: {action}")));
    }
    if input.action_names.is_empty() {
        return Err(name::violated("[]", "actionNames", "Member must have length greater than or equal to 1"));
    }
    let resource = match &input.resource_policy {
        Some(text) => Some(
            Policy::parse(text)
                .map_err(|error| AwsError::bad_request("InvalidInput", format!("Invalid resource policy: {error}")))?,
        ),
        None => None,
    };
    let caller = caller.unwrap_or_else(|| call.identity.arn());
    let simulation = Simulation {
        permissions: Permissions {
            identity: policies.iter().map(|sourced| sourced.policy.clone()).collect(),
            boundary,
            session: None,
        },
        policies,
        resource,
        owner: input
            .resource_owner
            .as_deref()
            .and_then(|owner| owner.split(':').find(|part| part.len() == 12))
            .unwrap_or(&call.scope.account)
            .to_owned(),
        caller: Principal::aws(caller),
    };
    let everything = ["*".to_owned()];
    let resources = if input.resource_arns.is_empty() { &everything[..] } else { &input.resource_arns };
    check_lengths(&input.action_names, "actionNames", LONGEST_ACTION)?;
    check_lengths(resources, "resourceArns", LONGEST_RESOURCE)?;
    let pairs = input.action_names.iter().flat_map(|action| resources.iter().map(move |resource| (action, resource)));
    // Only what is shown is decided: there may be as many pairs as a form has room for.
    let (pairs, marker) = ListInput::page_only(input.marker, input.max_items)
        .page(pairs.enumerate(), |(place, _)| format!("{place:08}"))?;
    let given = input.policy_input_list.iter().chain(&input.permissions_boundary_policy_input_list);
    let read: usize = given.chain(&input.resource_policy).map(String::len).sum();
    if read.saturating_mul(pairs.len()) > MOST_READ {
        let message = format!(
            "The lab reads {MOST_READ} characters of policies for a page of results, and these policies have {read} for \
             each of {} results: ask for fewer with MaxItems",
            pairs.len()
        );
        return Err(AwsError::bad_request("InvalidInput", message));
    }
    let entries = &input.context_entries;
    let evaluation_results =
        pairs.into_iter().map(|(_, (action, resource))| simulation.evaluate(action, resource, entries)).collect();
    call.reply(&Output { evaluation_results, is_truncated: marker.is_some(), marker })
}

fn check_lengths(texts: &[String], parameter: &str, most: usize) -> Result<(), AwsError> {
    match texts.iter().find(|text| text.chars().count() > most) {
        Some(text) => {
            let constraint = format!("Member must have length less than or equal to {most}");
            Err(name::violated(text, parameter, &constraint))
        }
        None => Ok(()),
    }
}

impl Simulation {
    fn evaluate(&self, action: &str, resource: &str, entries: &[ContextEntry]) -> Evaluation {
        let request = RequestContext::new(self.caller.clone(), action, resource);
        let request = entries.iter().fold(request, |request, entry| {
            request.key_values(&entry.context_key_name, entry.context_key_values.iter().cloned())
        });
        let decision = self.permissions.authorize(self.resource.as_ref(), &request, &self.owner);
        let denied = matches!(&decision, Err(denial) if denial.explicit);
        let eval_decision = match &decision {
            Ok(()) => "allowed",
            Err(_) if denied => "explicitDeny",
            Err(_) => "implicitDeny",
        };
        let boundary = self.permissions.boundary.as_ref().map(|boundary| BoundaryDetail {
            allowed_by_permissions_boundary: boundary.evaluate(&request).is_allowed(),
        });
        Evaluation {
            eval_action_name: action.to_owned(),
            eval_resource_name: resource.to_owned(),
            eval_decision,
            matched_statements: self.matched(&request, denied),
            missing_context_values: self.missing(&request),
            permissions_boundary_decision_detail: boundary,
        }
    }

    /// The statements that decide: those that deny, or else those that allow.
    fn matched(&self, request: &RequestContext, denied: bool) -> Vec<MatchedStatement> {
        let wanted = if denied { Effect::Deny } else { Effect::Allow };
        let own = self.policies.iter().map(|sourced| (sourced.id.as_str(), sourced.kind, &sourced.policy));
        let resource = self.resource.iter().map(|policy| ("ResourcePolicy", "Resource Policy", policy));
        let mut matched = Vec::new();
        for (id, kind, policy) in own.chain(resource) {
            let decision = policy.evaluate(request);
            let applied =
                decision.explanation().statements().iter().filter(|one| one.applied() && one.effect == wanted);
            matched.extend(
                applied
                    .map(|_| MatchedStatement { source_policy_id: id.to_owned(), source_policy_type: kind.to_owned() }),
            );
        }
        matched
    }

    /// The condition keys that a statement about this action and resource asks for, and that nobody gave.
    fn missing(&self, request: &RequestContext) -> Vec<String> {
        let policies =
            self.policies.iter().map(|sourced| &sourced.policy).chain(&self.permissions.boundary).chain(&self.resource);
        let statements = policies.flat_map(Policy::statements).filter(|statement| {
            let covers = |element: &crate::policy::ResourceElement| element.covers(request);
            statement.action().covers(&request.action) && statement.resource().is_none_or(covers)
        });
        let keys = statements.flat_map(|statement| statement.conditions()).map(|condition| condition.key());
        let missing: BTreeSet<&str> = keys.filter(|key| request.values(key).is_none()).collect();
        missing.into_iter().map(str::to_owned).collect()
    }
}
