//! The public URL of a function that catches what the alarm's function posts. It would go with the function; it goes by itself, and
//! long before, so that nothing public is left where the function cannot be deleted.

use super::function::{self, NOT_FOUND};
use super::{Found, Resource, found, gone};
use crate::pipeline::CAPTURE_PREFIX;
use crate::target::Clients;

/// The URL of a function that this run has made, if it has one.
pub(super) async fn of(clients: &Clients, function: &str, run_id: &str) -> Result<Option<Found>, String> {
    if !function.starts_with(CAPTURE_PREFIX) || !is_there(clients, function).await? {
        return Ok(None);
    }
    let resource = Resource::FunctionUrl(function.to_owned());
    Ok(Some(Found { resource, id: function.to_owned(), run_id: run_id.to_owned() }))
}

pub(super) async fn of_run(clients: &Clients, function: &str, run_id: &str) -> Result<Vec<String>, String> {
    match is_there(clients, function).await? {
        true => function::of_run(clients, function, run_id).await,
        false => Ok(Vec::new()),
    }
}

async fn is_there(clients: &Clients, function: &str) -> Result<bool, String> {
    let standing = clients.lambda.get_function_url_config().function_name(function).send().await;
    Ok(found(standing, NOT_FOUND)?.is_some())
}

pub(super) async fn remove(clients: &Clients, function: &str) -> Result<(), String> {
    gone(clients.lambda.delete_function_url_config().function_name(function).send().await, NOT_FOUND)
}
