//! Rules: a pattern, a state, and the targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::tags::{Tag, check_tags};
use super::target::Target;
use super::{DEFAULT_BUS, Events, bus, check_name, invalid, limit_exceeded, not_found, page};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::pattern::{InvalidPattern, Pattern};
use crate::scope::Scope;

/// How many rules a bus may have.
///
/// Source: "Amazon EventBridge quotas" in the EventBridge user guide.
const MOST_RULES: usize = 300;

/// A rule of a bus.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) bus: String,
    pub(super) pattern: Arc<Pattern>,
    pub(super) pattern_text: String,
    pub(super) state: State,
    description: Option<String>,
    role_arn: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    /// In the order in which they were put.
    pub(super) targets: Vec<Target>,
}

impl Rule {
    /// The pattern as it was given.
    pub(super) fn pattern_text(&self) -> &str {
        &self.pattern_text
    }

    pub(super) fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    pub(super) fn role_arn(&self) -> Option<&str> {
        self.role_arn.as_deref()
    }
}

/// Which events a rule sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum State {
    /// All but read-only management events.
    #[default]
    #[serde(rename = "ENABLED")]
    Enabled,
    /// None.
    #[serde(rename = "DISABLED")]
    Disabled,
    /// All.
    #[serde(rename = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")]
    EnabledWithReadOnly,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutRule {
    name: String,
    event_pattern: Option<String>,
    schedule_expression: Option<String>,
    state: Option<String>,
    description: Option<String>,
    role_arn: Option<String>,
    event_bus_name: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OneRule {
    name: String,
    event_bus_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteRule {
    name: String,
    event_bus_name: Option<String>,
    /// For managed rules, which the lab has none of.
    #[serde(rename = "Force")]
    _force: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListRules {
    name_prefix: Option<String>,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    rule_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    name: String,
    arn: String,
    event_pattern: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    event_bus_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
}

impl Described {
    fn of(rule: &Rule, bus: &str) -> Self {
        Self {
            name: rule.name.clone(),
            arn: rule.arn.clone(),
            event_pattern: rule.pattern_text.clone(),
            state: rule.state,
            description: rule.description.clone(),
            role_arn: rule.role_arn.clone(),
            event_bus_name: bus.to_owned(),
            created_by: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    rules: Vec<Described>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// The ARN of a rule: the bus is named in it unless it is the default one.
fn arn(scope: &Scope, bus: &str, name: &str) -> String {
    match bus {
        DEFAULT_BUS => scope.arn("events", format_args!("rule/{name}")),
        bus => scope.arn("events", format_args!("rule/{bus}/{name}")),
    }
}

/// A pattern as PutRule and TestEventPattern read it.
pub(super) fn read_pattern(text: &str) -> Result<Pattern, AwsError> {
    Pattern::check_length(text).map_err(|long| AwsError::bad_request("ValidationException", long.to_string()))?;
    Pattern::parse(text).map_err(|wrong| AwsError::bad_request(InvalidPattern::CODE, wrong.message()))
}

fn read_state(state: Option<&str>) -> Result<State, AwsError> {
    match state {
        None | Some("ENABLED") => Ok(State::Enabled),
        Some("DISABLED") => Ok(State::Disabled),
        Some("ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") => Ok(State::EnabledWithReadOnly),
        Some(other) => Err(invalid(
            other,
            "state",
            "Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]",
        )),
    }
}

pub(super) fn no_rule(name: &str, bus: &str) -> AwsError {
    not_found(format!("Rule {name} does not exist on EventBus {bus}."))
}

impl Events {
    /// Makes a rule or replaces what it says; the targets stay, and so do the tags.
    pub(super) fn put_rule(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: PutRule = call.input()?;
        check_name(&input.name, "name", 64, false)?;
        let bus = bus::named(&call.scope, input.event_bus_name.as_deref())?;
        let state = read_state(input.state.as_deref())?;
        if input.description.as_deref().is_some_and(|text| text.chars().count() > 512) {
            let value = input.description.as_deref().unwrap_or_default();
            return Err(invalid(value, "description", "Member must have length less than or equal to 512"));
        }
        let tags = check_tags(&input.tags)?;
        if input.schedule_expression.is_some_and(|schedule| !schedule.is_empty()) {
            return Err(call.unsupported_parameter("ScheduleExpression"));
        }
        let Some(pattern_text) = input.event_pattern.filter(|pattern| !pattern.is_empty()) else {
            let message = "Parameter(s) EventPattern or ScheduleExpression must be specified.";
            return Err(AwsError::bad_request("ValidationException", message));
        };
        let pattern = Arc::new(read_pattern(&pattern_text)?);
        let arn = arn(&call.scope, &bus, &input.name);
        let rule = Rule {
            name: input.name.clone(),
            arn: arn.clone(),
            bus: bus.clone(),
            pattern,
            pattern_text,
            state,
            description: input.description.filter(|text| !text.is_empty()),
            role_arn: input.role_arn,
            tags,
            targets: Vec::new(),
        };
        self.buses.with(&call.scope, |buses| {
            let rules = &mut buses.get_mut(&bus)?.rules;
            let rule = match rules.get(&input.name) {
                Some(old) => Rule { targets: old.targets.clone(), tags: old.tags.clone(), ..rule },
                None if rules.len() >= MOST_RULES => return Err(limit_exceeded()),
                None => rule,
            };
            rules.insert(input.name, Arc::new(rule));
            Ok(())
        })?;
        call.reply(&Put { rule_arn: arn })
    }

    pub(super) fn delete_rule(&self, call: &Call) -> Result<Reply, AwsError> {
        let DeleteRule { name, event_bus_name, .. } = call.input()?;
        check_name(&name, "name", 64, false)?;
        let bus = bus::named(&call.scope, event_bus_name.as_deref())?;
        self.buses.with(&call.scope, |buses| {
            let rules = &mut buses.get_mut(&bus)?.rules;
            if rules.get(&name).is_some_and(|rule| !rule.targets.is_empty()) {
                let message = "Rule can't be deleted since it has targets.";
                return Err(AwsError::bad_request("ValidationException", message));
            }
            // Deleting a rule that is not there succeeds, as the API reference says.
            rules.remove(&name);
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn describe_rule(&self, call: &Call) -> Result<Reply, AwsError> {
        let OneRule { name, event_bus_name } = call.input()?;
        let bus = bus::named(&call.scope, event_bus_name.as_deref())?;
        let rule = self.rule(&call.scope, &bus, &name)?;
        call.reply(&Described { created_by: Some(call.scope.account.clone()), ..Described::of(&rule, &bus) })
    }

    pub(super) fn list_rules(&self, call: &Call) -> Result<Reply, AwsError> {
        let ListRules { name_prefix, event_bus_name, next_token, limit } = call.input()?;
        let bus = bus::named(&call.scope, event_bus_name.as_deref())?;
        let prefix = name_prefix.unwrap_or_default();
        let (rules, next_token) = self.buses.with(&call.scope, |buses| {
            let all = buses.get(&bus)?.rules.iter().filter(|(name, _)| name.starts_with(&prefix));
            page(all.map(|(name, rule)| (name.clone(), Described::of(rule, &bus))), next_token.as_deref(), limit)
        })?;
        call.reply(&Listed { rules, next_token })
    }

    pub(super) fn enable_rule(&self, call: &Call) -> Result<Reply, AwsError> {
        self.set_state(call, State::Enabled)
    }

    pub(super) fn disable_rule(&self, call: &Call) -> Result<Reply, AwsError> {
        self.set_state(call, State::Disabled)
    }

    fn set_state(&self, call: &Call, state: State) -> Result<Reply, AwsError> {
        let OneRule { name, event_bus_name } = call.input()?;
        let bus = bus::named(&call.scope, event_bus_name.as_deref())?;
        self.with_rule(&call.scope, &bus, &name, |rule| rule.state = state)?;
        call.done()
    }

    /// A rule as it is now.
    pub(super) fn rule(&self, scope: &Scope, bus: &str, name: &str) -> Result<Arc<Rule>, AwsError> {
        check_name(name, "name", 64, false)?;
        self.buses.with(scope, |buses| buses.get(bus)?.rules.get(name).cloned().ok_or_else(|| no_rule(name, bus)))
    }

    /// Changes a rule.
    pub(super) fn with_rule<R>(
        &self,
        scope: &Scope,
        bus: &str,
        name: &str,
        f: impl FnOnce(&mut Rule) -> R,
    ) -> Result<R, AwsError> {
        check_name(name, "name", 64, false)?;
        self.buses.with(scope, |buses| {
            let rule = buses.get_mut(bus)?.rules.get_mut(name).ok_or_else(|| no_rule(name, bus))?;
            Ok(f(Arc::make_mut(rule)))
        })
    }
}
