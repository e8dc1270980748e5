//! The action of a drill: what has to be there before, the call itself, and putting back what it changed.

use std::time::{Duration, Instant};

use aws_sdk_ec2::client::Waiters as _;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, SecurityGroupRule, SecurityGroupRuleRequest, SecurityGroupRuleUpdate,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use jiff::Timestamp;

use crate::pipeline::{DrillGroup, DrillInstance, Resource, Site};
use crate::scenario::{Action, Permission};
use crate::sdk;
use crate::target::Clock;

/// How long an instance may take to terminate.
const TERMINATION: Duration = Duration::from_secs(300);

/// The call of a drill, made.
#[derive(Clone, Debug)]
pub(super) struct Performed {
    /// The operation.
    pub(super) call: &'static str,
    /// What it did, in words: `tcp 22 from 203.0.113.0/24`.
    pub(super) what: String,
    /// AWS's id of the request.
    pub(super) request_id: Option<String>,
    /// The rules that it made or changed.
    pub(super) rule_ids: Vec<String>,
    /// The group that it was made on.
    pub(super) group_id: String,
    /// The description of the drill's rules: it has the run's id.
    pub(super) marker: String,
    /// When it began, on the clock that latencies are measured with.
    pub(super) started: Instant,
    /// When it began, on the calendar.
    pub(super) started_at: Timestamp,
    /// How long the answer took.
    pub(super) took: Duration,
    /// The clock that the times of the target are of.
    pub(super) clock: Clock,
    /// The refusal, where the call was refused and that was not what the drill wanted.
    pub(super) refused: Option<String>,
}

/// A step around the call that was refused: nothing can be said of the pipeline then.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {reason}")]
pub(super) struct TriggerError {
    call: &'static str,
    reason: String,
}

/// A drill's action on a group.
#[derive(Debug)]
pub(super) struct Trigger<'a> {
    pub(super) site: Site<'a>,
    pub(super) action: &'a Action,
    pub(super) group: &'a DrillGroup,
    /// The description of every rule that the drill makes.
    pub(super) marker: String,
    /// The rules that the drill has made and not yet removed, with their direction.
    open: Vec<(Direction, String)>,
    /// Whether the drill's rules are in the ledger.
    entered: bool,
    /// Whether a rule may be there that nobody knows the id of: the answer to the call that made it was an error.
    uncertain: bool,
    /// Whether the action deleted the group.
    deleted: bool,
}

/// Which way a rule lets traffic through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Inbound,
    Outbound,
}

impl<'a> Trigger<'a> {
    pub(super) fn new(site: Site<'a>, action: &'a Action, group: &'a DrillGroup, marker: String) -> Self {
        Self { site, action, group, marker, open: Vec::new(), entered: false, uncertain: false, deleted: false }
    }

    /// Whether the group is gone by the action.
    pub(super) fn deleted_group(&self) -> bool {
        self.deleted
    }

    /// The drill's rules, as the ledger knows them.
    fn entry(&self) -> Resource {
        Resource::SecurityGroupRule { group_id: self.group.id.clone(), description: self.marker.clone() }
    }

    /// Whether it opens more than a range that nobody connects from.
    pub(super) fn opens_more_than_documentation(&self) -> bool {
        self.action.ranges().iter().any(|range| !range.is_documentation())
    }

    /// Makes what the action needs to be there: a rule to close or to edit; no instance, to delete the group.
    pub(super) async fn prepare(&mut self) -> Result<(), TriggerError> {
        match self.action {
            Action::CloseInboundPort(rule) => self.open(Direction::Inbound, &permission(rule.permission())?).await,
            Action::CloseOutboundPort(rule) => self.open(Direction::Outbound, &permission(rule.permission())?).await,
            Action::EditInboundRule(edit) => self.open(Direction::Inbound, &permission(edit.from.permission())?).await,
            Action::DeleteGroup(delete) if delete.terminate_instance => self.terminate_instance().await,
            Action::OpenInboundPort(_)
            | Action::OpenOutboundPort(_)
            | Action::DeleteGroup(_)
            | Action::DescribeGroups(_) => Ok(()),
        }
    }

    async fn open(&mut self, direction: Direction, permission: &Permission) -> Result<(), TriggerError> {
        let (result, call) = (self.authorize(direction, permission, false).await, authorize_call(direction));
        self.open.extend(
            result.map_err(|reason| TriggerError { call, reason })?.rule_ids.into_iter().map(|id| (direction, id)),
        );
        Ok(())
    }

    async fn terminate_instance(&self) -> Result<(), TriggerError> {
        let (ec2, call) = (&self.site.target.clients.ec2, "TerminateInstances");
        let Some(DrillInstance { id, token }) = &self.group.instance else { return Ok(()) };
        let terminated = ec2.terminate_instances().instance_ids(id).send().await;
        terminated.map_err(|error| TriggerError { call, reason: sdk::reason(&error) })?;
        let waited = ec2.wait_until_instance_terminated().instance_ids(id).wait(TERMINATION).await;
        waited.map_err(|error| TriggerError { call, reason: error.to_string() })?;
        self.site.ledger.strike(&Resource::Instance(token.clone()));
        Ok(())
    }

    /// Makes the call.
    pub(super) async fn perform(&mut self) -> Result<Performed, TriggerError> {
        let (started, started_at) = (Instant::now(), Timestamp::now());
        let answered = match self.action {
            Action::OpenInboundPort(rule) => {
                self.authorize(Direction::Inbound, &permission(rule.permission())?, rule.dry_run).await
            }
            Action::OpenOutboundPort(rule) => {
                self.authorize(Direction::Outbound, &permission(rule.permission())?, rule.dry_run).await
            }
            Action::CloseInboundPort(rule) => self.revoke(Direction::Inbound, rule.dry_run).await,
            Action::CloseOutboundPort(rule) => self.revoke(Direction::Outbound, rule.dry_run).await,
            Action::EditInboundRule(edit) => self.modify(&permission(edit.to.permission())?, edit.dry_run).await,
            Action::DeleteGroup(delete) => self.delete(delete.dry_run).await,
            Action::DescribeGroups(_) => self.describe().await,
        };
        let took = started.elapsed();
        let (answered, refused) = match answered {
            Ok(answered) => (answered, None),
            Err(reason) => (Answered::default(), Some(reason)),
        };
        if refused.is_none() && !self.action.is_dry_run() {
            self.remember(&answered);
        }
        Ok(Performed {
            call: self.action.event_name(),
            what: self.in_words(),
            request_id: answered.request_id,
            rule_ids: answered.rule_ids,
            group_id: self.group.id.clone(),
            marker: self.marker.clone(),
            started,
            started_at,
            took,
            clock: self.site.target.clients.clock.clone(),
            refused,
        })
    }

    fn remember(&mut self, answered: &Answered) {
        let direction = match self.action {
            Action::OpenInboundPort(_) => Direction::Inbound,
            Action::OpenOutboundPort(_) => Direction::Outbound,
            Action::CloseInboundPort(_) | Action::CloseOutboundPort(_) => {
                self.open.clear();
                return;
            }
            Action::DeleteGroup(_) => {
                self.deleted = true;
                self.site.ledger.strike(&Resource::Group(self.group.name.clone()));
                return;
            }
            Action::EditInboundRule(_) | Action::DescribeGroups(_) => return,
        };
        self.open.extend(answered.rule_ids.iter().map(|id| (direction, id.clone())));
    }

    /// Removes every rule that the drill made and that is still there.
    pub(super) async fn restore(&mut self) -> Result<(), TriggerError> {
        let entry = self.entry();
        if self.deleted || !self.entered {
            return Ok(());
        }
        for direction in [Direction::Inbound, Direction::Outbound] {
            let ids: Vec<String> =
                self.open.iter().filter(|open| open.0 == direction).map(|open| open.1.clone()).collect();
            // What is refused may be gone already, by a call whose answer was lost.
            if !ids.is_empty() && self.revoke_rules(direction, ids, false).await.is_err() {
                self.uncertain = true;
            }
        }
        if self.uncertain {
            let closed = entry.remove(&self.site.target.clients, &self.marker).await;
            closed.map_err(|reason| TriggerError { call: "RevokeSecurityGroupIngress", reason })?;
        }
        self.open.clear();
        (self.entered, self.uncertain) = (false, false);
        self.site.ledger.strike(&entry);
        Ok(())
    }

    /// The action in words, the same in every language: protocol, ports, peer.
    fn in_words(&self) -> String {
        let rule = |permission: Result<Permission, _>, way: &str| match permission {
            Ok(permission) => words(&permission, way),
            Err::<_, crate::scenario::Refused>(refused) => refused.to_string(),
        };
        match self.action {
            Action::OpenInboundPort(inbound) | Action::CloseInboundPort(inbound) => rule(inbound.permission(), "from"),
            Action::OpenOutboundPort(outbound) | Action::CloseOutboundPort(outbound) => {
                rule(outbound.permission(), "to")
            }
            Action::EditInboundRule(edit) => {
                format!("{} → {}", rule(edit.from.permission(), "from"), rule(edit.to.permission(), "from"))
            }
            Action::DeleteGroup(_) | Action::DescribeGroups(_) => self.group.name.clone(),
        }
    }
}

/// What an answer says, of all of them.
#[derive(Debug, Default)]
struct Answered {
    request_id: Option<String>,
    rule_ids: Vec<String>,
}

impl Trigger<'_> {
    async fn authorize(
        &mut self,
        direction: Direction,
        permission: &Permission,
        dry_run: bool,
    ) -> Result<Answered, String> {
        if !dry_run && !self.entered {
            self.site.ledger.intend(self.entry()).map_err(|error| error.to_string())?;
            self.entered = true;
        }
        let answered = self.authorize_entered(direction, permission, dry_run).await;
        match &answered {
            Ok(answered) if self.entered => {
                self.site.ledger.made(&self.entry(), answered.rule_ids.first().map_or(&*self.marker, String::as_str));
            }
            Ok(_) => {}
            Err(_) => self.uncertain = true,
        }
        answered
    }

    async fn authorize_entered(
        &self,
        direction: Direction,
        permission: &Permission,
        dry_run: bool,
    ) -> Result<Answered, String> {
        let (ec2, id) = (&self.site.target.clients.ec2, &self.group.id);
        let wanted = ip_permission(permission, &self.marker);
        let dry = dry_run.then_some(true);
        match direction {
            Direction::Inbound => {
                let call = ec2.authorize_security_group_ingress().group_id(id).ip_permissions(wanted).set_dry_run(dry);
                answered(call.send().await, dry_run, |output| rule_ids(output.security_group_rules()))
            }
            Direction::Outbound => {
                let call = ec2.authorize_security_group_egress().group_id(id).ip_permissions(wanted).set_dry_run(dry);
                answered(call.send().await, dry_run, |output| rule_ids(output.security_group_rules()))
            }
        }
    }

    async fn revoke(&self, direction: Direction, dry_run: bool) -> Result<Answered, String> {
        let ids: Vec<String> = self.open.iter().map(|(_, id)| id.clone()).collect();
        let answered = self.revoke_rules(direction, ids.clone(), dry_run).await?;
        Ok(Answered { rule_ids: ids, ..answered })
    }

    async fn revoke_rules(&self, direction: Direction, ids: Vec<String>, dry_run: bool) -> Result<Answered, String> {
        let (ec2, id) = (&self.site.target.clients.ec2, &self.group.id);
        let (ids, dry) = (Some(ids), dry_run.then_some(true));
        match direction {
            Direction::Inbound => {
                let call =
                    ec2.revoke_security_group_ingress().group_id(id).set_security_group_rule_ids(ids).set_dry_run(dry);
                answered(call.send().await, dry_run, |_| Vec::new())
            }
            Direction::Outbound => {
                let call =
                    ec2.revoke_security_group_egress().group_id(id).set_security_group_rule_ids(ids).set_dry_run(dry);
                answered(call.send().await, dry_run, |_| Vec::new())
            }
        }
    }

    async fn modify(&self, to: &Permission, dry_run: bool) -> Result<Answered, String> {
        let ec2 = &self.site.target.clients.ec2;
        let ids: Vec<String> = self.open.iter().map(|(_, id)| id.clone()).collect();
        let (from_port, to_port) = to.ports.unzip();
        let rule = SecurityGroupRuleRequest::builder()
            .ip_protocol(to.protocol.ip_protocol())
            .set_from_port(from_port)
            .set_to_port(to_port)
            .set_cidr_ipv4((!to.cidr.is_ipv6()).then(|| to.cidr.to_string()))
            .set_cidr_ipv6(to.cidr.is_ipv6().then(|| to.cidr.to_string()))
            .description(&self.marker)
            .build();
        let updates = ids.iter().map(|id| {
            SecurityGroupRuleUpdate::builder().security_group_rule_id(id).security_group_rule(rule.clone()).build()
        });
        let call = ec2
            .modify_security_group_rules()
            .group_id(&self.group.id)
            .set_security_group_rules(Some(updates.collect()))
            .set_dry_run(dry_run.then_some(true));
        answered(call.send().await, dry_run, |_| ids.clone())
    }

    async fn delete(&self, dry_run: bool) -> Result<Answered, String> {
        let ec2 = &self.site.target.clients.ec2;
        let call = ec2.delete_security_group().group_id(&self.group.id).set_dry_run(dry_run.then_some(true));
        answered(call.send().await, dry_run, |_| Vec::new())
    }

    async fn describe(&self) -> Result<Answered, String> {
        let ec2 = &self.site.target.clients.ec2;
        answered(ec2.describe_security_groups().group_ids(&self.group.id).send().await, false, |_| Vec::new())
    }
}

/// What an answer says. The refusal of a dry run ("would have succeeded") is its success.
fn answered<T, E>(
    result: Result<T, SdkError<E, HttpResponse>>,
    dry_run: bool,
    rule_ids: impl FnOnce(&T) -> Vec<String>,
) -> Result<Answered, String>
where
    T: RequestId,
    E: ProvideErrorMetadata + std::error::Error + 'static,
    SdkError<E, HttpResponse>: RequestId,
{
    match result {
        Ok(output) => Ok(Answered { request_id: output.request_id().map(str::to_owned), rule_ids: rule_ids(&output) }),
        Err(error) if dry_run && sdk::code(&error) == Some("DryRunOperation") => {
            Ok(Answered { request_id: error.request_id().map(str::to_owned), rule_ids: Vec::new() })
        }
        Err(error) => Err(sdk::reason(&error)),
    }
}

fn rule_ids(rules: &[SecurityGroupRule]) -> Vec<String> {
    rules.iter().filter_map(|rule| rule.security_group_rule_id()).map(str::to_owned).collect()
}

fn ip_permission(permission: &Permission, description: &str) -> IpPermission {
    let (from_port, to_port) = permission.ports.unzip();
    let builder = IpPermission::builder()
        .ip_protocol(permission.protocol.ip_protocol())
        .set_from_port(from_port)
        .set_to_port(to_port);
    let cidr = permission.cidr.to_string();
    if permission.cidr.is_ipv6() {
        builder.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).description(description).build()).build()
    } else {
        builder.ip_ranges(IpRange::builder().cidr_ip(cidr).description(description).build()).build()
    }
}

/// A permission that loading has checked already.
fn permission(checked: Result<Permission, crate::scenario::Refused>) -> Result<Permission, TriggerError> {
    checked.map_err(|refused| TriggerError { call: "scenario", reason: refused.to_string() })
}

fn words(permission: &Permission, way: &str) -> String {
    let ports = match permission.ports {
        Some((from, to)) if from == to => format!(" {from}"),
        Some((from, to)) => format!(" {from}-{to}"),
        None => String::new(),
    };
    format!("{}{ports} {way} {}", permission.protocol, permission.cidr)
}

const fn authorize_call(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "AuthorizeSecurityGroupIngress",
        Direction::Outbound => "AuthorizeSecurityGroupEgress",
    }
}
