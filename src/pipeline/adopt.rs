//! A pipeline that stands is taken for a run: nothing is made, and one thing at most is changed and put back.
//!
//! The function posts to the mocked webhook while the run lasts, so that nobody in the real channel hears a drill: see
//! [`Resource::Webhook`].

use super::resource::{point_elsewhere, saved_in};
use super::{Pipeline, PostsTo, ProvisionError, Resource, Site};
use crate::inspection::{self, FunctionConfiguration, Names, RuleFound, Unknown};

/// Takes the pipeline of these names, as far as it stands. Its function posts to `webhook_url` until the ledger is cleaned up.
pub(super) async fn adopt(
    site: Site<'_>,
    names: &Names,
    webhook_url: Option<&str>,
) -> Result<Pipeline, ProvisionError> {
    let facts = Box::pin(inspection::read(site.target, names)).await;
    let missing = |what: &'static str, name: &str| ProvisionError::NothingThere { what, name: name.to_owned() };
    // What could not be looked at is not known to be missing.
    let unknown = |what: &str, unknown: &Unknown| ProvisionError::Refused {
        call: unknown.call,
        what: what.to_owned(),
        reason: unknown.reason.clone(),
    };
    let rule = match &facts.rule {
        RuleFound::Unknown(why) => return Err(unknown(&names.rule, why)),
        found => found.facts().ok_or_else(|| missing("rule", &names.rule))?,
    };
    match &facts.topic.attributes {
        Ok(Some(_)) => {}
        Ok(None) => return Err(missing("topic", &names.topic)),
        Err(why) => return Err(unknown(&names.topic, why)),
    }
    let function = facts.functions.iter().find_map(|function| {
        let configuration = function.configuration.as_ref().ok()?.as_ref()?;
        Some((function, configuration))
    });
    let Some((function, configuration)) = function else {
        let unread = facts.functions.iter().find_map(|function| function.configuration.as_ref().err());
        return Err(unread.map_or_else(|| missing("function", &names.function), |why| unknown(&names.function, why)));
    };
    let variable = function.webhook.as_ref().map_or(&names.webhook_variable, |webhook| &webhook.variable);
    site.go_on()?;
    let FunctionConfiguration { name, variables, .. } = configuration;
    let pipeline = Pipeline {
        trail_arn: None,
        rule_arn: rule.arn.clone(),
        topic_arn: facts.topic.arn.clone(),
        function_arn: Some(function.arn.clone()),
        stand_in: None,
        posts_to: Some(PostsTo {
            function: name.clone(),
            variable: variable.clone(),
            url: variables.get(variable).cloned(),
        }),
    };
    let Some(webhook_url) = webhook_url else { return Ok(pipeline) };
    if let Some(run_id) = saved_in(variables) {
        return Err(ProvisionError::Changed { function: name.clone(), run_id: run_id.to_owned() });
    }
    let entry = Resource::Webhook(name.clone());
    site.ledger.intend(entry.clone())?;
    let pointed = point_elsewhere(&site.target.clients, name, variable, webhook_url, site.run_id).await;
    pointed.map_err(|reason| ProvisionError::Refused {
        call: "lambda:UpdateFunctionConfiguration",
        what: name.clone(),
        reason,
    })?;
    site.ledger.made(&entry, name);
    Ok(pipeline)
}
