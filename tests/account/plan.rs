//! What a dry run tells of an account, and that it changes nothing there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::capture::has_python;
use crate::room::{ACCOUNT, Room};
use crate::state;

/// The operations of the plan that have no path for a name, as the proxy's have.
fn operations(plan: &Value) -> BTreeSet<String> {
    let calls = plan["calls"].as_array().unwrap().iter().map(|call| call["call"].as_str().unwrap());
    let named = calls.filter(|call| !call.starts_with("lambda:") && !call.starts_with("s3:"));
    let polls = ["ReceiveMessage", "DeleteMessageBatch"];
    named
        .map(|call| call.split_once(':').unwrap().1.to_owned())
        .filter(|call| !polls.contains(&call.as_str()))
        .collect()
}

/// What the account has seen, without what has a path for a name.
fn seen(room: &Room) -> BTreeSet<String> {
    room.proxy.calls().into_iter().filter(|call| !call.contains(' ')).collect()
}

/// The calls that EC2 was asked about, with its answer.
fn tried(plan: &Value) -> Vec<(&str, &str)> {
    let calls = plan["calls"].as_array().unwrap().iter().filter(|call| !call["dry_run"].is_null());
    calls.map(|call| (call["call"].as_str().unwrap(), call["dry_run"]["outcome"].as_str().unwrap())).collect()
}

/// That the account saw nothing but looks, and dry runs of what was tried.
#[track_caller]
fn assert_only_looked_at(room: &Room, plan: &Value) {
    let tried: BTreeSet<&str> = tried(plan).into_iter().map(|(call, _)| call.split_once(':').unwrap().1).collect();
    let reads = |call: &str| ["Describe", "List", "Get"].iter().any(|verb| call.starts_with(verb));
    let others: Vec<String> = seen(room).into_iter().filter(|call| !reads(call) && !tried.contains(&**call)).collect();
    assert!(others.is_empty(), "{others:?}");
    let paths: Vec<String> = room.proxy.calls().into_iter().filter(|call| call.contains(' ')).collect();
    assert!(paths.iter().all(|call| call.starts_with("GET ")), "{paths:?}");
    room.assert_as_it_was("after the dry run");
    assert_eq!(room.journals().len(), 0, "nothing was to be journalled");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_of_a_standing_pipeline_has_the_calls_that_the_run_makes_then() {
    let room = Room::standing().await;
    let drills = ["--drill", "open-inbound-port", "--drill", "edit-inbound-rule", "--output", "json"];
    room.proxy.arm(None);
    let planned = room.ran(&[&drills[..], &["--dry-run"]].concat()).await;
    assert_eq!((planned.code, planned.stderr.as_str()), (Some(0), ""), "{}", planned.stdout);
    let plan = planned.json();
    assert_only_looked_at(&room, &plan);
    assert_eq!(
        (&plan["format_version"], &plan["adopts"], &plan["rehearsal"]),
        (&1.into(), &true.into(), &"passed".into())
    );
    assert_eq!(plan["target"]["account"], ACCOUNT);

    // What it is about: the group that stands by its own id, the drill's rule, and no name of the rehearsal's.
    let ec2 = room.clients().await.ec2;
    let groups = ec2.describe_security_groups().group_names("securitygroup-test").send().await.unwrap();
    let group = groups.security_groups()[0].group_id().unwrap();
    // A long poll may begin at any moment beside it.
    let is_the_drills =
        |call: &&serde_json::Value| call["drill"] == "open-inbound-port" && call["call"] != "sqs:ReceiveMessage";
    let opened = plan["calls"].as_array().unwrap().iter().find(is_the_drills).unwrap();
    assert_eq!((&opened["call"], &opened["phase"]), (&"ec2:AuthorizeSecurityGroupIngress".into(), &"drill".into()));
    let about = &opened["parameters"];
    assert_eq!(about["GroupId"], group);
    assert_eq!(about["IpPermissions.1.IpRanges.1.CidrIp"], "203.0.113.0/24");
    assert_eq!(about["IpPermissions.1.FromPort"], "22");
    assert!(
        planned.stdout.contains("alert-drill-queue-RUN_ID") && planned.stdout.contains("sgr-NEW"),
        "{}",
        planned.stdout
    );
    let phases: Vec<&str> =
        plan["calls"].as_array().unwrap().iter().map(|call| call["phase"].as_str().unwrap()).collect();
    for phase in ["look", "hold", "provision", "drill", "clean_up"] {
        assert!(phases.contains(&phase), "{phase}: {phases:?}");
    }
    let tried = tried(&plan);
    for call in ["ec2:CreateTags", "ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteTags"] {
        assert!(tried.contains(&(call, "would_succeed")), "{call}: {tried:?}");
    }

    room.proxy.arm(None);
    let ran = room.ran(&drills).await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(operations(&plan), seen(&room));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_of_a_pipeline_to_build_has_the_calls_that_the_run_makes_then() {
    let room = Room::empty().await;
    room.proxy.arm(None);
    let planned = room.ran(&["--dry-run", "--output", "json"]).await;
    assert_eq!((planned.code, planned.stderr.as_str()), (Some(0), ""), "{}", planned.stdout);
    let plan = planned.json();
    assert_only_looked_at(&room, &plan);
    let tried = tried(&plan);
    for call in ["ec2:CreateSecurityGroup", "ec2:RunInstances"] {
        assert!(tried.contains(&(call, "would_succeed")), "{call}: {tried:?}");
    }
    // What is open on a group that is not there yet cannot be tried.
    assert!(!tried.iter().any(|(call, _)| *call == "ec2:AuthorizeSecurityGroupIngress"), "{tried:?}");
    let topic = format!("arn:aws:sns:ap-northeast-2:{ACCOUNT}:sns-securitygroup-alarm");
    assert!(planned.stdout.contains(&topic), "{}", planned.stdout);
    room.proxy.arm(None);
    let ran = room.ran(&[]).await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(operations(&plan), seen(&room));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_of_a_run_that_captures_has_the_calls_that_the_run_makes_then() {
    if !has_python() {
        return;
    }
    let room = Room::standing().await;
    room.proxy.arm(None);
    let capture = ["--discord", "capture"];
    let planned = room.ran(&[&capture[..], &["--dry-run", "--output", "json"]].concat()).await;
    assert_eq!((planned.code, planned.stderr.as_str()), (Some(0), ""), "{}", planned.stdout);
    let plan = planned.json();
    assert_only_looked_at(&room, &plan);
    for call in ["lambda:CreateFunctionUrlConfig", "lambda:DeleteFunctionUrlConfig", "iam:PutRolePolicy"] {
        assert!(plan["calls"].as_array().unwrap().iter().any(|one| one["call"] == call), "{call}: {}", planned.stdout);
    }
    assert!(!planned.stdout.contains("/webhooks/"), "the URL that catches is a secret: {}", planned.stdout);
    room.proxy.arm(None);
    let ran = room.ran(&capture).await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(operations(&plan), seen(&room));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_refuses_has_no_plan() {
    let room = Room::standing().await;
    let refused = async |arguments: &[&str], why: &str| {
        let before = state::of(&room.lab);
        let ended = room.ran(&[arguments, &["--dry-run"]].concat()).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains("nothing was changed, and there is no plan of the run: "), "{}", ended.stderr);
        assert!(ended.stderr.contains(why), "{why}: {}", ended.stderr);
        state::assert_same(&before, &state::of(&room.lab), why);
    };
    refused(&["--group", "not-there"], "there is no security group not-there").await;
    // Another run is at work on the group.
    let ec2 = room.clients().await.ec2;
    let groups = ec2.describe_security_groups().group_names("securitygroup-test").send().await.unwrap();
    let lease =
        aws_sdk_ec2::types::Tag::builder().key("alert-drill:lease:another").value("2999-01-01T00:00:00Z").build();
    ec2.create_tags().resources(groups.security_groups()[0].group_id().unwrap()).tags(lease).send().await.unwrap();
    refused(&[], "the run another is at work on the security group").await;
    let lease = aws_sdk_ec2::types::Tag::builder().key("alert-drill:lease:another").build();
    ec2.delete_tags().resources(groups.security_groups()[0].group_id().unwrap()).tags(lease).send().await.unwrap();
    // A link of the chain is missing.
    let (events, rule) = (room.clients().await.events, "eventbridge-securitygroup-changerule");
    events.remove_targets().rule(rule).ids("1").send().await.unwrap();
    events.delete_rule().name(rule).send().await.unwrap();
    refused(&[], &format!("there is no rule {rule}")).await;
}
