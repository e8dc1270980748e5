//! The webhook of a function that is somebody's own, which posts to the run's while the run lasts.
//!
//! Its old value is a secret, and stays where those who may read it can read it already: in a second variable of the same
//! function, set by the same call. Nothing else has to be remembered, and a clean-up without a journal finds it all there:
//!
//! | variable | value |
//! |---|---|
//! | `ALERT_DRILL_RUN_ID` | the run that changed it |
//! | `ALERT_DRILL_SAVED_…` | what the variable was; missing, where there was none |
//! | `ALERT_DRILL_SET_…` | what the run has set it to |
//!
//! Putting it back gives the variable its old value only while it still has the run's: what somebody has set meanwhile stays.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_lambda::client::Waiters as _;
use aws_sdk_lambda::types::Environment;
use backon::{ExponentialBuilder, Retryable as _};

use super::function::NOT_FOUND;
use super::{found, if_of};
use crate::sdk;
use crate::target::Clients;

const RUN_ID: &str = "ALERT_DRILL_RUN_ID";
const SAVED: &str = "ALERT_DRILL_SAVED_";
const SET: &str = "ALERT_DRILL_SET_";

/// How long Lambda may take to change a function's configuration.
const UPDATE: Duration = Duration::from_secs(60);

type Variables = BTreeMap<String, String>;

/// The run that has changed the webhook among these variables.
pub(super) fn changed_by(variables: &HashMap<String, String>) -> Option<String> {
    variables.get(RUN_ID).cloned()
}

/// The run that a function's webhook is changed by at present.
pub(in crate::pipeline) fn saved_in(variables: &Variables) -> Option<&str> {
    variables.get(RUN_ID).map(String::as_str)
}

/// Lets a function post to this address, and keeps what it posted to.
pub(in crate::pipeline) async fn point_elsewhere(
    clients: &Clients,
    function: &str,
    variable: &str,
    url: &str,
    run_id: &str,
) -> Result<(), String> {
    change(clients, function, |variables| Some(pointed(variables, variable, url, run_id))).await
}

pub(super) async fn of_run(clients: &Clients, function: &str, run_id: &str) -> Result<Vec<String>, String> {
    let standing = clients.lambda.get_function_configuration().function_name(function).send().await;
    let standing = found(standing, NOT_FOUND)?;
    let changed = standing.and_then(|answer| answer.environment?.variables).and_then(|set| changed_by(&set));
    Ok(if_of(run_id, changed, function))
}

pub(super) async fn remove(clients: &Clients, function: &str) -> Result<(), String> {
    change(clients, function, put_back).await
}

fn pointed(variables: &Variables, variable: &str, url: &str, run_id: &str) -> Variables {
    let mut changed = variables.clone();
    changed.insert(RUN_ID.to_owned(), run_id.to_owned());
    changed.insert(format!("{SET}{variable}"), url.to_owned());
    if let Some(old) = changed.insert(variable.to_owned(), url.to_owned()) {
        changed.insert(format!("{SAVED}{variable}"), old);
    }
    changed
}

/// The variables as they were; none where no run has changed them.
fn put_back(variables: &Variables) -> Option<Variables> {
    let ours = |name: &String| *name == RUN_ID || name.starts_with(SAVED) || name.starts_with(SET);
    if !variables.keys().any(ours) {
        return None;
    }
    let mut restored: Variables =
        variables.iter().filter(|(name, _)| !ours(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
    for (name, set) in variables.iter().filter_map(|(name, set)| Some((name.strip_prefix(SET)?, set))) {
        if restored.get(name) != Some(set) {
            continue;
        }
        match variables.get(&format!("{SAVED}{name}")) {
            Some(saved) => restored.insert(name.to_owned(), saved.clone()),
            None => restored.remove(name),
        };
    }
    Some(restored)
}

/// A change that met another one.
const CROSSED: &[&str] = &["PreconditionFailedException", "ResourceConflictException"];

/// Changes a function's variables, reading them anew where somebody else was faster. A function that is gone needs nothing.
async fn change(
    clients: &Clients,
    function: &str,
    changed: impl Fn(&Variables) -> Option<Variables>,
) -> Result<(), String> {
    let attempt = || async { attempt(clients, function, &changed).await };
    attempt
        .retry(ExponentialBuilder::default().with_min_delay(Duration::from_millis(200)).with_max_times(6))
        .when(|refused: &Refused| refused.crossed)
        .await
        .map_err(|refused| refused.reason)
}

struct Refused {
    reason: String,
    crossed: bool,
}

async fn attempt(
    clients: &Clients,
    function: &str,
    changed: impl Fn(&Variables) -> Option<Variables>,
) -> Result<(), Refused> {
    let refused = |reason: String| Refused { reason, crossed: false };
    let standing = clients.lambda.get_function_configuration().function_name(function).send().await;
    let Some(standing) = found(standing, NOT_FOUND).map_err(refused)? else { return Ok(()) };
    let revision = standing.revision_id;
    let variables: Variables =
        standing.environment.and_then(|environment| environment.variables).unwrap_or_default().into_iter().collect();
    let Some(variables) = changed(&variables) else { return Ok(()) };
    let environment = Environment::builder().set_variables(Some(variables.into_iter().collect())).build();
    let update = clients.lambda.update_function_configuration().function_name(function);
    match update.environment(environment).set_revision_id(revision).send().await {
        Ok(_) => {}
        Err(error) => {
            let code = sdk::code(&error).unwrap_or_default();
            if NOT_FOUND.contains(&code) {
                return Ok(());
            }
            return Err(Refused { crossed: CROSSED.contains(&code), reason: sdk::reason(&error) });
        }
    }
    let updated = clients.lambda.wait_until_function_updated_v2().function_name(function).wait(UPDATE).await;
    updated.map(|_| ()).map_err(|error| refused(format!("it was not updated: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_was_changed_is_put_back() {
        for before in [&[("HOOK", "https://old"), ("OTHER", "1")][..], &[("OTHER", "1")], &[]] {
            let before = variables(before);
            let changed = pointed(&before, "HOOK", "http://mock", "run");
            assert_eq!((changed["HOOK"].as_str(), saved_in(&changed)), ("http://mock", Some("run")));
            assert_eq!(put_back(&changed), Some(before.clone()));
            assert_eq!(put_back(&before), None, "nothing to put back");
        }
    }

    #[test]
    fn what_somebody_set_meanwhile_stays() {
        let mut changed = pointed(&variables(&[("HOOK", "https://old")]), "HOOK", "http://mock", "run");
        changed.insert("HOOK".to_owned(), "https://new".to_owned());
        changed.insert("OTHER".to_owned(), "2".to_owned());
        assert_eq!(put_back(&changed), Some(variables(&[("HOOK", "https://new"), ("OTHER", "2")])));
    }
}
