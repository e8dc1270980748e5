//! The tag by which a run holds a group that is somebody's own.

use aws_sdk_ec2::types::{Filter, Tag};

use super::{found, gone};
use crate::pipeline::lease;
use crate::target::Clients;

const NOT_FOUND: &[&str] = &["InvalidGroup.NotFound", "InvalidID"];

pub(super) async fn of_run(clients: &Clients, group_id: &str, run_id: &str) -> Result<Vec<String>, String> {
    let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    let described = clients.ec2.describe_tags();
    let described = described.filters(filter("resource-id", group_id)).filters(filter("key", &lease::key(run_id)));
    let tags = found(described.send().await, NOT_FOUND)?;
    let held = tags.is_some_and(|answer| !answer.tags().is_empty());
    Ok(if held { vec![group_id.to_owned()] } else { Vec::new() })
}

pub(super) async fn remove(clients: &Clients, group_id: &str, run_id: &str) -> Result<(), String> {
    let tag = Tag::builder().key(lease::key(run_id)).build();
    gone(clients.ec2.delete_tags().resources(group_id).tags(tag).send().await, NOT_FOUND)
}
