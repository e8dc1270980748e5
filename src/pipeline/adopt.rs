//! A pipeline that stands is taken for a run: nothing is made, and one thing is changed and put back.
//!
//! The function posts to the mocked webhook while the run lasts, so that nobody in the real channel hears a drill: its
//! variable is changed, and the ledger has its old value before that.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_lambda::client::Waiters as _;
use aws_sdk_lambda::types::Environment;

use super::{Pipeline, ProvisionError, Resource, Site};
use crate::inspection::{self, FunctionConfiguration, Names};
use crate::sdk;
use crate::target::Clients;

/// How long Lambda may take to change a function's configuration.
const UPDATE: Duration = Duration::from_secs(60);

/// The variables of a function, which hold secrets: they are not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} variables", self.0.len())
    }
}

/// Takes the pipeline of these names, as far as it stands.
pub(super) async fn adopt(site: Site<'_>, names: &Names, webhook_url: &str) -> Result<Pipeline, ProvisionError> {
    let facts = Box::pin(inspection::read(site.target, names)).await;
    let missing = |what: &'static str, name: &str| ProvisionError::NothingThere { what, name: name.to_owned() };
    let rule = facts.rule.facts().ok_or_else(|| missing("rule", &names.rule))?;
    if !matches!(facts.topic.attributes, Ok(Some(_))) {
        return Err(missing("topic", &names.topic));
    }
    let function = facts.functions.iter().find_map(|function| {
        let configuration = function.configuration.as_ref().ok()?.as_ref()?;
        Some((function, configuration))
    });
    let (function, configuration) = function.ok_or_else(|| missing("function", &names.function))?;
    let variable = function.webhook.as_ref().map_or(&names.webhook_variable, |webhook| &webhook.variable);
    site.go_on()?;
    let FunctionConfiguration { name, variables, .. } = configuration;
    site.ledger.enter(Resource::Variables(name.clone(), Variables(variables.clone())));
    let mut changed = variables.clone();
    changed.insert(variable.clone(), webhook_url.to_owned());
    set(&site.target.clients, name, changed).await.map_err(|reason| ProvisionError::Refused {
        call: "lambda:UpdateFunctionConfiguration",
        what: name.clone(),
        reason,
    })?;
    Ok(Pipeline {
        trail_arn: None,
        rule_arn: rule.arn.clone(),
        topic_arn: facts.topic.arn.clone(),
        function_arn: Some(function.arn.clone()),
        stand_in: None,
    })
}

/// Gives a function its variables back.
pub(super) async fn restore(clients: &Clients, function: &str, variables: &Variables) -> Result<(), String> {
    set(clients, function, variables.0.clone()).await
}

/// Gives a function these variables, and waits until they count. A function that is gone needs none.
async fn set(clients: &Clients, function: &str, variables: BTreeMap<String, String>) -> Result<(), String> {
    let environment = Environment::builder().set_variables(Some(variables.into_iter().collect())).build();
    let update = clients.lambda.update_function_configuration().function_name(function).environment(environment);
    match update.send().await {
        Ok(_) => {}
        Err(error) if sdk::code(&error) == Some("ResourceNotFoundException") => return Ok(()),
        Err(error) => return Err(sdk::reason(&error)),
    }
    let updated = clients.lambda.wait_until_function_updated_v2().function_name(function).wait(UPDATE).await;
    updated.map(|_| ()).map_err(|error| format!("it was not updated: {error}"))
}
