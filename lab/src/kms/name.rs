//! How a key is named: by id, by ARN, by alias, or by the alias's ARN.

use super::error::{access_denied, no_key, not_found};
use super::key::Key;
use super::permission::allows_call;
use super::{Kms, Ring, alias};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// A key's name, taken apart.
#[derive(Debug, PartialEq, Eq)]
enum Name<'a> {
    Id(&'a str),
    /// With the prefix `alias/`.
    Alias(&'a str),
}

/// The scope and the name of a key as a caller in `scope` gives it.
fn parse<'a>(scope: &Scope, name: &'a str) -> Result<(Scope, Name<'a>), AwsError> {
    let local = |local: &'a str| if local.starts_with("alias/") { Name::Alias(local) } else { Name::Id(local) };
    if !name.starts_with("arn:") {
        return Ok((scope.clone(), local(name)));
    }
    let invalid = || AwsError::bad_request("InvalidArnException", format!("Invalid arn {name}"));
    let rest = name.strip_prefix("arn:aws:kms:").ok_or_else(invalid)?;
    let home = Scope::of_arn(name).ok_or_else(invalid)?;
    if home.region != scope.region {
        return Err(not_found(format_args!("Invalid arn {}", home.region)));
    }
    let resource = rest.splitn(3, ':').nth(2).ok_or_else(invalid)?;
    match resource.strip_prefix("key/") {
        Some(id) => Ok((home, Name::Id(id))),
        None if resource.starts_with("alias/") => Ok((home, Name::Alias(resource))),
        None => Err(invalid()),
    }
}

fn is_id(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

impl Ring {
    /// The id of the key that a name stands for.
    fn id_of(&mut self, scope: &Scope, name: &Name<'_>) -> Result<String, AwsError> {
        match *name {
            Name::Id(id) if self.keys.contains_key(id) => Ok(id.to_owned()),
            Name::Id(id) if is_id(id) => Err(no_key(&scope.arn("kms", format_args!("key/{id}")))),
            Name::Id(id) => Err(not_found(format_args!("Invalid keyId '{id}'"))),
            Name::Alias(alias) => match self.aliases.get(alias) {
                Some(known) => Ok(known.key_id.clone()),
                None => alias::managed_key(self, scope, alias)?
                    .ok_or_else(|| not_found(format_args!("Alias {} is not found.", scope.arn("kms", alias)))),
            },
        }
    }
}

impl Kms {
    /// Runs `f` on the key of any name, without asking its policy.
    pub(super) fn find<R>(
        &self,
        scope: &Scope,
        name: &str,
        f: impl FnOnce(&mut Key) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        let (home, name) = parse(scope, name)?;
        self.rings.with(&home, |ring| {
            let id = ring.id_of(&home, &name)?;
            let key = ring.keys.get_mut(&id).ok_or_else(|| no_key(&home.arn("kms", format_args!("key/{id}"))))?;
            f(key)
        })
    }

    /// The same for the operations that take no alias: they change the key itself, or show what is its own.
    fn find_named<R>(
        &self,
        scope: &Scope,
        name: &str,
        f: impl FnOnce(&mut Key) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        match parse(scope, name)? {
            (_, Name::Alias(alias)) => Err(not_found(format_args!("Invalid keyId '{alias}'"))),
            (_, Name::Id(_)) => self.find(scope, name, f),
        }
    }

    /// Runs `f` on the key of any name, once its policy lets the caller do the operation.
    pub(super) fn on_key<R>(
        &self,
        call: &Call,
        name: &str,
        f: impl FnOnce(&mut Key) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.find(&call.scope, name, |key| if_allowed(key, call, f))
    }

    /// The same for the operations that take no alias.
    pub(super) fn on_named_key<R>(
        &self,
        call: &Call,
        name: &str,
        f: impl FnOnce(&mut Key) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.find_named(&call.scope, name, |key| if_allowed(key, call, f))
    }

    /// The same for the operations that AWS does for its own keys itself, and lets nobody else do.
    pub(super) fn on_customer_key<R>(
        &self,
        call: &Call,
        name: &str,
        f: impl FnOnce(&mut Key) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.find_named(&call.scope, name, |key| {
            if key.managed.is_some() {
                let (who, operation, arn) = (call.identity.arn(), &call.operation, &key.arn);
                return Err(access_denied(format!(
                    "User: {who} is not authorized to perform: kms:{operation} on resource: {arn} because no \
                     resource-based policy allows the kms:{operation} action"
                )));
            }
            if_allowed(key, call, f)
        })
    }
}

/// Runs `f`, once the key's policy lets the caller do the operation.
fn if_allowed<R>(key: &mut Key, call: &Call, f: impl FnOnce(&mut Key) -> Result<R, AwsError>) -> Result<R, AwsError> {
    allows_call(key, call, &format!("kms:{}", call.operation), &[])?;
    f(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_four_names() {
        let scope = Scope::new("000000000000", "ap-northeast-2");
        let friend = Scope::new("111122223333", "ap-northeast-2");
        assert_eq!(parse(&scope, "1234").unwrap(), (scope.clone(), Name::Id("1234")));
        assert_eq!(parse(&scope, "alias/a/b").unwrap(), (scope.clone(), Name::Alias("alias/a/b")));
        let arn = "arn:aws:kms:ap-northeast-2:111122223333:key/1234";
        assert_eq!(parse(&scope, arn).unwrap(), (friend.clone(), Name::Id("1234")));
        let arn = "arn:aws:kms:ap-northeast-2:111122223333:alias/a";
        assert_eq!(parse(&scope, arn).unwrap(), (friend, Name::Alias("alias/a")));
        let elsewhere = "arn:aws:kms:us-east-1:000000000000:key/1234";
        assert_eq!(parse(&scope, elsewhere).unwrap_err().code, "NotFoundException");
        assert_eq!(parse(&scope, "arn:aws:s3:::bucket").unwrap_err().code, "InvalidArnException");
    }
}
