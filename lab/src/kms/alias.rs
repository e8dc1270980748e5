//! Aliases, and the keys that AWS manages, which are known by theirs.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{not_found, validation, violated};
use super::key::Key;
use super::page::{Listing, page};
use super::permission::allows_call;
use super::{Kms, Ring, policy};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::scope::Scope;
use crate::time;

/// A name for a key.
#[derive(Debug)]
pub(super) struct Alias {
    pub(super) key_id: String,
    created: Timestamp,
    updated: Timestamp,
}

/// The keys that AWS manages for services of the lab that encrypt: alias, service, and the service's name in words.
const MANAGED: &[(&str, &str, &str)] = &[("aws/sns", "sns", "SNS"), ("aws/sqs", "sqs", "SQS")];

/// The id of the key that AWS manages under this alias. It is made when somebody first asks for it, as in AWS.
pub(super) fn managed_key(ring: &mut Ring, scope: &Scope, alias: &str) -> Result<Option<String>, AwsError> {
    let known = MANAGED.iter().find(|(name, _, _)| alias.strip_prefix("alias/") == Some(*name));
    let Some((name, service, in_words)) = known else { return Ok(None) };
    let policy = policy::of_managed_key(service, in_words, scope)?;
    let description = format!("Default key that protects my {in_words} data when no other key is defined");
    let key = Key::new(scope, description, policy, Some(name));
    let (id, now) = (key.id.clone(), Timestamp::now());
    ring.keys.insert(id.clone(), key);
    ring.aliases.insert(alias.to_owned(), Alias { key_id: id.clone(), created: now, updated: now });
    Ok(Some(id))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Pointing {
    alias_name: String,
    target_key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteAlias {
    alias_name: String,
}

fn check(name: &str) -> Result<(), AwsError> {
    let Some(rest) = name.strip_prefix("alias/") else {
        return Err(validation(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    if rest.starts_with("aws/") {
        return Err(AwsError::bad_request("NotAuthorizedException", ""));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '_' | '-');
    if rest.is_empty() || !rest.chars().all(is_plain) {
        let pattern = "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$";
        return Err(violated(name, "aliasName", pattern));
    }
    // The pattern lets the colon pass, and KMS does not.
    if rest.contains(':') {
        return Err(validation(format!("{name} contains invalid characters for an alias")));
    }
    if name.len() > 256 {
        return Err(violated(name, "aliasName", "Member must have length less than or equal to 256"));
    }
    Ok(())
}

impl Kms {
    /// The id of the customer's key that an alias is to point to.
    fn target(&self, call: &Call, key_id: &str) -> Result<String, AwsError> {
        if key_id.starts_with("alias/") || key_id.contains(":alias/") {
            return Err(validation("Aliases must refer to keys. Not aliases"));
        }
        self.on_customer_key(call, key_id, |key| {
            key.state.check_not_pending(&key.arn)?;
            if key.account != call.scope.account {
                return Err(not_found(format_args!("Key '{}' does not exist", key.arn)));
            }
            Ok(key.id.clone())
        })
    }

    pub(super) fn create_alias(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Pointing = call.input()?;
        check(&input.alias_name)?;
        let key_id = self.target(call, &input.target_key_id)?;
        self.rings.with(&call.scope, |ring| {
            if ring.aliases.contains_key(&input.alias_name) {
                let arn = call.scope.arn("kms", &input.alias_name);
                let message = format!("An alias with the name {arn} already exists");
                return Err(AwsError::bad_request("AlreadyExistsException", message));
            }
            ring.aliases.insert(input.alias_name, Alias { key_id, created: call.time, updated: call.time });
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn update_alias(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Pointing = call.input()?;
        check(&input.alias_name)?;
        let key_id = self.target(call, &input.target_key_id)?;
        self.rings.with(&call.scope, |ring| {
            let alias = ring.aliases.get_mut(&input.alias_name).ok_or_else(|| no_alias(call, &input.alias_name))?;
            alias.key_id = key_id;
            alias.updated = call.time;
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn delete_alias(&self, call: &Call) -> Result<Reply, AwsError> {
        let DeleteAlias { alias_name } = call.input()?;
        check(&alias_name)?;
        self.rings.with(&call.scope, |ring| {
            let alias = ring.aliases.get(&alias_name).ok_or_else(|| no_alias(call, &alias_name))?;
            if let Some(key) = ring.keys.get(&alias.key_id) {
                allows_call(key, call, "kms:DeleteAlias", &[])?;
            }
            ring.aliases.remove(&alias_name);
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn list_aliases(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Listing = call.input()?;
        let of_key = match &input.key_id {
            Some(name) => Some(self.find(&call.scope, name, |key| Ok(key.id.clone()))?),
            None => None,
        };
        let aliases: Vec<Value> = self.rings.with(&call.scope, |ring| {
            let wanted = |alias: &Alias| of_key.as_ref().is_none_or(|id| alias.key_id == *id);
            let show = |(name, alias): (&String, &Alias)| {
                json!({
                    "AliasName": name,
                    "AliasArn": call.scope.arn("kms", name),
                    "TargetKeyId": alias.key_id,
                    "CreationDate": time::epoch(alias.created),
                    "LastUpdatedDate": time::epoch(alias.updated),
                })
            };
            ring.aliases.iter().filter(|(_, alias)| wanted(alias)).map(show).collect()
        });
        call.reply(&page("Aliases", aliases, &input, 50, 100)?)
    }
}

fn no_alias(call: &Call, name: &str) -> AwsError {
    not_found(format_args!("Alias {} is not found.", call.scope.arn("kms", name)))
}
