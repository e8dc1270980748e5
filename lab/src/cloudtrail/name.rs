//! The names and ARNs of trails.

use std::collections::BTreeMap;

use super::trail::Trail;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::scope::Scope;

/// Checks a trail's name.
///
/// Source: "Naming requirements for CloudTrail resources" in the CloudTrail user guide; the sentences are the service's.
pub(super) fn check(name: &str) -> Result<(), AwsError> {
    let refuse = |message: String| Err(AwsError::bad_request("InvalidTrailNameException", message));
    let length = name.chars().count();
    let alphanumeric = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let separator = |c: char| ".-_".contains(c);
    if length == 0 {
        return refuse("Trail name cannot be blank!".to_owned());
    }
    if length < 3 {
        return refuse(format!(
            "Trail name too short. Minimum allowed length: 3 characters. Specified name length: {length} characters."
        ));
    }
    if length > 128 {
        return refuse(format!(
            "Trail name too long. Maximum allowed length: 128 characters. Specified name length: {length} characters."
        ));
    }
    if !alphanumeric(name.chars().next()) {
        return refuse("Trail name must starts with a letter or number.".to_owned());
    }
    if !alphanumeric(name.chars().last()) {
        return refuse("Trail name must ends with a letter or number.".to_owned());
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || separator(c)) {
        return refuse(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), \
             and underscores (_)."
                .to_owned(),
        );
    }
    if name.chars().zip(name.chars().skip(1)).any(|(one, next)| separator(one) && separator(next)) {
        return refuse(
            "Trail name or ARN cannot have adjacent periods (.), hyphens (-), or underscores (_).".to_owned(),
        );
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return refuse("Trail names must not be formatted as an IP address.".to_owned());
    }
    Ok(())
}

/// The ARN of a trail whose home is `scope`.
pub(super) fn arn(scope: &Scope, name: &str) -> String {
    scope.arn("cloudtrail", format_args!("trail/{name}"))
}

/// The ARN of the trail that a caller names, by its name (in the caller's Region) or by its ARN.
pub(super) fn named(call: &Call, given: &str) -> Result<String, AwsError> {
    if !given.starts_with("arn:") {
        check(given)?;
        return Ok(arn(&call.scope, given));
    }
    let well_formed = given.split(':').count() == 6
        && given.starts_with("arn:aws:cloudtrail:")
        && Scope::of_arn(given).is_some()
        && given.rsplit_once(":trail/").is_some_and(|(_, name)| check(name).is_ok());
    if well_formed {
        return Ok(given.to_owned());
    }
    let message = format!(
        "{given} is not the ARN of a trail: its form is arn:aws:cloudtrail:us-east-2:123456789012:trail/MyTrail."
    );
    Err(AwsError::bad_request("CloudTrailARNInvalidException", message))
}

/// That there is no such trail. AWS writes the ARN, in the caller's Region, also where a name was given.
pub(super) fn unknown(call: &Call, arn: &str) -> AwsError {
    let message = format!("Unknown trail: {arn} for the user: {}", call.scope.account);
    AwsError::bad_request("TrailNotFoundException", message)
}

/// The trail that a caller wants to read. From another Region than its home, a multi-Region trail is found by its ARN only.
pub(super) fn find<'t>(
    trails: &'t BTreeMap<String, Trail>,
    call: &Call,
    given: &str,
) -> Result<(&'t String, &'t Trail), AwsError> {
    let arn = named(call, given)?;
    let found = trails.get_key_value(&arn);
    let visible = found.filter(|(_, trail)| {
        trail.home.account == call.scope.account && (trail.covers(&call.scope.region) || given.starts_with("arn:"))
    });
    visible.ok_or_else(|| unknown(call, &arn))
}

/// The trail that a caller wants to change: only in its home Region.
pub(super) fn find_home<'t>(
    trails: &'t mut BTreeMap<String, Trail>,
    call: &Call,
    given: &str,
) -> Result<&'t mut Trail, AwsError> {
    let arn = named(call, given)?;
    let name = arn.rsplit('/').next().unwrap_or_default();
    let abroad = trails.iter().find(|(key, trail)| {
        let shadow = trail.multi_region && trail.name == name;
        trail.home.account == call.scope.account
            && trail.home.region != call.scope.region
            && (**key == arn || (shadow && !given.starts_with("arn:")))
    });
    if let Some((_, trail)) = abroad.filter(|_| !trails.contains_key(&self::arn(&call.scope, name))) {
        let message = format!(
            "The trail {} can be changed in its home Region {} only, not in {}.",
            trail.name, trail.home.region, call.scope.region
        );
        return Err(AwsError::bad_request("InvalidHomeRegionException", message));
    }
    trails.get_mut(&arn).filter(|trail| trail.home == call.scope).ok_or_else(|| unknown(call, &arn))
}
