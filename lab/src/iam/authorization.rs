//! Whether a caller may make a call: its policies against what the call needs.
//!
//! The lab asks only where it was started with `enforce_iam`, and only of callers whose key it issued. What an operation
//! needs (which actions, on which resources, with which condition keys) is decided per service in the modules below, by
//! the services' pages of the Service Authorization Reference; what they do not name needs the action of its own name on
//! `*`. A call that needs several things needs all of them: `RunInstances` with a profile needs `iam:PassRole` too.
//!
//! What surprises people, and what this does as AWS does: `HeadObject` needs `s3:GetObject`, `ListObjectsV2` needs
//! `s3:ListBucket` **on the bucket**, `PublishBatch` needs `sns:Publish`, `Invoke` needs `lambda:InvokeFunction`;
//! `GetCallerIdentity` and `GetSessionToken` need nothing.
//!
//! What differs: `DeleteObjects` is refused as a whole where one of its objects is denied.

mod computing;
mod ec2;
mod identity;
mod messaging;
mod monitoring;
mod need;
mod refusal;
mod s3;
mod tags;

pub(super) use self::need::Need;
pub(super) use self::refusal::decoded;
use super::permissions::Profile;
use crate::cloud::Cloud;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::gateway::service::Service;
use crate::identity::Caller;
use crate::policy::{Denial, Policy, Principal, RequestContext};
use crate::time;

/// Refuses the call in the service's own words if the caller's policies do not allow it.
pub(crate) fn check(cloud: &Cloud, call: &Call) -> Result<(), AwsError> {
    cloud.iam.profile(&call.identity).map_or(Ok(()), |profile| check_with(cloud, call, &profile))
}

/// The same for a call that a service makes in a role, which it is held to in every lab.
pub(crate) fn check_in_role(cloud: &Cloud, call: &Call) -> Result<(), AwsError> {
    check_with(cloud, call, &cloud.iam.profile_of(&call.identity))
}

fn check_with(cloud: &Cloud, call: &Call, profile: &Profile) -> Result<(), AwsError> {
    for need in needs(cloud, call) {
        if let Err((denial, is_own)) = decide(cloud, call, profile, &need) {
            return Err(refusal::of(call, &need, &denial, is_own));
        }
    }
    Ok(())
}

/// What the call needs.
fn needs(cloud: &Cloud, call: &Call) -> Vec<Need> {
    match call.service {
        Service::Ec2 => ec2::needs(cloud, call),
        Service::Iam => identity::needs(cloud, call),
        Service::Sts => identity::needs_of_sts(call),
        Service::Lambda => computing::needs(call),
        Service::S3 => s3::needs(call),
        Service::Sns => messaging::needs_of_sns(call),
        Service::Sqs => messaging::needs_of_sqs(call),
        Service::CloudTrail => monitoring::needs_of_cloudtrail(call),
        Service::Events => monitoring::needs_of_events(call),
        Service::Logs => monitoring::needs_of_logs(call),
        // Its actions have the product's name, not the endpoint's, and know no resources.
        Service::CloudWatch => vec![Need::new(format!("cloudwatch:{}", call.operation), "*")],
        #[allow(
            unreachable_patterns,
            reason = "a service that is not named here needs its operation's name on everything"
        )]
        _ => vec![Need::own(call, "*")],
    }
}

/// What is in the way, and whether the resource is the caller's own account's.
fn decide(cloud: &Cloud, call: &Call, profile: &Profile, need: &Need) -> Result<(), (Box<Denial>, bool)> {
    let (policy, owner) = resource_policy(cloud, call, need);
    let request = request(call, profile, need).key("aws:ResourceAccount", owner.clone());
    let is_own = owner == call.identity.account;
    let decision = profile.permissions.authorize(policy.as_ref(), &request, &owner);
    decision.map_err(|denial| (Box::new(denial), is_own))
}

/// The policy of the resource and the account that owns it.
fn resource_policy(cloud: &Cloud, call: &Call, need: &Need) -> (Option<Policy>, String) {
    let arn = need.resource.as_str();
    let own = || call.identity.account.clone();
    let mut parts = arn.split(':').skip(2);
    let service = parts.next().unwrap_or_default();
    let owner = parts.nth(1).filter(|account| account.len() == 12).map_or_else(own, str::to_owned);
    match service {
        "sns" => (cloud.sns.policy_of(arn), owner),
        "sqs" => (cloud.sqs.policy_of(arn), owner),
        "lambda" => (cloud.lambda.policy_of(arn), owner),
        "s3" => {
            let bucket = arn.rsplit(':').next().and_then(|path| path.split('/').next()).unwrap_or_default();
            cloud.s3.policy_of(bucket).unwrap_or_else(|| (None, own()))
        }
        // A trust policy is a role's own.
        "iam" if need.action.starts_with("sts:") => {
            let trust = cloud.iam.with(|state| {
                let (account, name) = super::role::account_and_name(arn)?;
                let role = state.accounts.get(account)?.roles.get(&name.to_ascii_lowercase())?;
                Some(role.trust.clone())
            });
            (trust, owner)
        }
        _ => (None, owner),
    }
}

/// The request with the keys that every request has.
///
/// Source: IAM User Guide, *AWS global condition context keys*.
fn request(call: &Call, profile: &Profile, need: &Need) -> RequestContext {
    let identity = &call.identity;
    let principal = Principal::Aws { arn: identity.arn(), account: identity.account.clone() };
    let mut request = RequestContext::new(principal, need.action.as_str(), need.resource.as_str())
        .key("aws:PrincipalArn", identity.principal_arn())
        .key("aws:userid", identity.principal_id())
        .key("aws:SourceIp", call.source_ip.to_string())
        // The lab stands for an endpoint that is reached by TLS only.
        .key("aws:SecureTransport", "true")
        .key("aws:UserAgent", &call.user_agent)
        .key("aws:CurrentTime", time::seconds(call.time))
        .key("aws:EpochTime", call.time.as_second().to_string())
        .key("aws:RequestedRegion", &call.scope.region)
        .key("aws:ViaAWSService", "false")
        .key_values("aws:Referer", call.header("referer").map(str::to_owned));
    if let Some(since) = profile.session_since {
        request = request.key("aws:TokenIssueTime", time::seconds(since)).key("aws:MultiFactorAuthPresent", "false");
    }
    if let Caller::AssumedRole { session, issued_to, .. } = &identity.principal {
        request = request.key("sts:RoleSessionName", session);
        if let Some(issued_to) = issued_to {
            request = request.key("lambda:SourceFunctionArn", &issued_to.function_arn);
        }
    }
    for (key, value) in &profile.tags {
        request = request.key(&format!("aws:PrincipalTag/{key}"), value);
    }
    let tags = tags::of_request(call);
    if !tags.is_empty() {
        request = request.key_values("aws:TagKeys", tags.iter().map(|(key, _)| key.clone()));
    }
    for (key, value) in tags {
        request = request.key(&format!("aws:RequestTag/{key}"), value);
    }
    let keys = need.keys.iter().filter(|(_, values)| !values.is_empty());
    keys.fold(request, |request, (name, values)| request.key_values(name, values.clone()))
}
