//! How a call names a function: by name, partial ARN or ARN, with or without a qualifier.

use super::function_arn;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// The version that changes; every other version is numbered and stays as it was published.
pub(super) const LATEST: &str = "$LATEST";

/// The longest name of a function.
const LONGEST_NAME: usize = 64;

/// A function as a call names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) scope: Scope,
    pub(super) name: String,
    /// A version's number, `$LATEST`, or the name of an alias; none where the call gave none.
    pub(super) qualifier: Option<String>,
}

impl Named {
    /// The function that the call's path names, which may be another account's.
    pub(super) fn of(call: &Call) -> Result<Self, AwsError> {
        resolve(call, call.label("FunctionName")?)
    }

    /// The function that the call's path names, which must be the caller's own.
    pub(super) fn own(call: &Call) -> Result<Self, AwsError> {
        own(call, call.label("FunctionName")?)
    }

    /// The same for an operation that is on a function as a whole.
    pub(super) fn whole(call: &Call) -> Result<Self, AwsError> {
        let named = Self::own(call)?;
        match named.qualifier.as_deref() {
            None | Some(LATEST) => Ok(named),
            Some(_) => Err(AwsError::bad_request(
                "InvalidParameterValueException",
                "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. \
                 Please specify either a function name or an unqualified function ARN.",
            )),
        }
    }

    /// The function, version or alias that an ARN names.
    pub(super) fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':').skip(2);
        let scope = Scope::of_arn(arn)?;
        let ("lambda", Some("function"), Some(name)) = (parts.next()?, parts.nth(2), parts.next()) else {
            return None;
        };
        let qualifier = parts.next().map(str::to_owned);
        parts.next().is_none().then(|| Self { scope, name: name.to_owned(), qualifier })
    }

    /// The ARN with the qualifier that was given.
    pub(super) fn arn(&self) -> String {
        qualified(&function_arn(&self.scope, &self.name), self.qualifier.as_deref())
    }

    pub(super) fn not_found(&self) -> AwsError {
        AwsError::new(404, "ResourceNotFoundException", format!("Function not found: {}", self.arn()))
    }
}

/// A function's ARN with a qualifier.
pub(super) fn qualified(arn: &str, qualifier: Option<&str>) -> String {
    match qualifier {
        Some(qualifier) => format!("{arn}:{qualifier}"),
        None => arn.to_owned(),
    }
}

/// Whether a qualifier names an alias, rather than a version.
pub(super) fn is_alias(qualifier: &str) -> bool {
    qualifier != LATEST && !qualifier.bytes().all(|b| b.is_ascii_digit())
}

/// A function of the caller's own, in any of the forms that [`resolve`] takes.
pub(super) fn own(call: &Call, given: &str) -> Result<Named, AwsError> {
    let named = resolve(call, given)?;
    if named.scope == call.scope { Ok(named) } else { Err(named.not_found()) }
}

/// Where a function is and what it is called, from any of the forms that the API takes: a name, a partial ARN
/// (`ACCOUNT:function:NAME`), or an ARN, each with a qualifier at its end or in the parameter `Qualifier`.
pub(super) fn resolve(call: &Call, given: &str) -> Result<Named, AwsError> {
    let wrong = |constraint: &str| invalid(given, "functionName", constraint);
    let refused = || {
        wrong(
            "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
        )
    };
    let (prefix, rest) = given.split_once("function:").unwrap_or(("", given));
    let scope = owner(call, prefix).ok_or_else(refused)?;
    let (name, derived) = match rest.split_once(':') {
        Some((name, qualifier)) if is_word(qualifier) || qualifier == LATEST => (name, Some(qualifier.to_owned())),
        Some(_) => return Err(refused()),
        None => (rest, None),
    };
    if !is_word(name) {
        return Err(refused());
    }
    if name.len() > LONGEST_NAME {
        return Err(wrong("Member must have length less than or equal to 64"));
    }
    let qualifier = match (derived, qualifier(call)?) {
        (Some(derived), Some(given)) if derived != given => {
            return Err(AwsError::bad_request(
                "InvalidParameterValueException",
                "The derived qualifier from the function name does not match the specified qualifier.",
            ));
        }
        (derived, given) => given.or(derived),
    };
    if scope.region != call.scope.region {
        let message =
            format!("Functions from '{}' are not reachable in this region ('{}')", scope.region, call.scope.region);
        return Err(AwsError::new(404, "ResourceNotFoundException", message));
    }
    Ok(Named { scope, name: name.to_owned(), qualifier })
}

/// The parameter `Qualifier`; an empty one counts as none.
fn qualifier(call: &Call) -> Result<Option<String>, AwsError> {
    let given = call.query("Qualifier").filter(|qualifier| !qualifier.is_empty());
    match given {
        Some(qualifier) if qualifier.len() > 128 => {
            Err(invalid(&qualifier, "qualifier", "Member must have length less than or equal to 128"))
        }
        Some(qualifier) if !is_word(&qualifier.replace('$', "")) => {
            Err(invalid(&qualifier, "qualifier", "Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"))
        }
        given => Ok(given),
    }
}

/// A parameter that breaks its constraint, in the words of AWS's own validation.
pub(super) fn invalid(value: &str, parameter: &str, constraint: &str) -> AwsError {
    AwsError::bad_request(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: {constraint}"
        ),
    )
}

/// Whether a text has nothing but letters, digits, hyphens and underscores, and something of these.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The scope that the part of a function's ARN before `function:` names; the caller's own where it names none.
fn owner(call: &Call, prefix: &str) -> Option<Scope> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = prefix.split(':').collect();
    match parts[..] {
        [""] => Some(call.scope.clone()),
        [account, ""] if is_account(account) => Some(Scope::new(account, call.scope.region.clone())),
        ["arn", partition, "lambda", region, account, ""]
            if partition.starts_with("aws") && !region.is_empty() && is_account(account) =>
        {
            Some(Scope::new(account, region))
        }
        _ => None,
    }
}
