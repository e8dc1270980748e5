//! What a run in an account refuses, before it has changed anything.

use aws_sdk_ec2::types::{Filter, Tag};

use crate::room::{ACCOUNT, Ended, REGION, Room, end_of};

async fn raw(room: &Room, arguments: &[&str]) -> Ended {
    end_of(room.command(arguments).spawn().unwrap()).await
}

/// A scenario whose default drill opens its port to this range.
fn opening_to(room: &Room, range: &str) -> String {
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/security-group-change");
    let folder = room.folder.path("scenario");
    std::fs::create_dir_all(folder.join("notifier")).unwrap();
    for file in ["event-pattern.json", "notifier/Cargo.toml"] {
        std::fs::copy(shipped.join(file), folder.join(file)).unwrap();
    }
    let yaml = std::fs::read_to_string(shipped.join("scenario.yaml")).unwrap();
    std::fs::write(
        folder.join("scenario.yaml"),
        yaml.replacen("source: 203.0.113.0/24", &format!("source: {range}"), 1),
    )
    .unwrap();
    folder.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_assumed_of_an_account() {
    let room = Room::empty().await;
    let url = room.lab.endpoint_url();
    let journal = room.journal().to_str().unwrap().to_owned();
    for missing in [&["--account", ACCOUNT][..], &["--region", REGION]] {
        let ended = raw(&room, &[&["run", "--target", "aws"], missing].concat()).await;
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    }
    let run = |account: &'static str, region: &'static str, url: String| {
        vec![
            "run".to_owned(),
            "--target".to_owned(),
            "aws".to_owned(),
            "--account".to_owned(),
            account.to_owned(),
            "--region".to_owned(),
            region.to_owned(),
            "--endpoint-url".to_owned(),
            url,
            "--journal".to_owned(),
            journal.clone(),
        ]
    };
    for (arguments, why) in [
        (run("999999999999", REGION, url.clone()), "are those of the account 123456789012, not of 999999999999"),
        (run(ACCOUNT, "us-east-1", url.clone()), "is not the scenario's (ap-northeast-2)"),
        (run(ACCOUNT, REGION, "http://192.0.2.1:4566".to_owned()), "are not sent there in the clear"),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = raw(&room, &arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    // Without a home there is nowhere to keep a journal.
    let unkept: Vec<String> = run(ACCOUNT, REGION, url).into_iter().take(9).collect();
    let unkept: Vec<&str> = unkept.iter().map(String::as_str).collect();
    let ended = raw(&room, &unkept).await;
    assert!(ended.code == Some(5) && ended.stderr.contains("needs a folder for its journal"), "{}", ended.stderr);
    room.assert_as_it_was("after the refusals");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_world_is_let_in_only_on_demand_and_for_the_moment_of_the_call() {
    let room = Room::empty().await;
    for range in ["0.0.0.0/0", "\"::/0\"", "10.0.0.0/8"] {
        let refused = room.ran(&[&opening_to(&room, range)]).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(5), ""), "{}", refused.stderr);
        assert!(refused.stderr.contains(&format!("opens a port to {}", range.trim_matches('"'))), "{}", refused.stderr);
    }
    room.assert_as_it_was("after the refusals");
    room.proxy.arm(None);
    let opened = room.ran(&[&opening_to(&room, "0.0.0.0/0"), "--allow-open-to-world"]).await;
    assert_eq!(opened.code, Some(0), "{}{}", opened.stdout, opened.stderr);
    let calls = room.proxy.calls();
    let open = calls.iter().position(|call| call == "AuthorizeSecurityGroupIngress").unwrap();
    assert_eq!(calls[open + 1], "RevokeSecurityGroupIngress", "it is closed by the next call: {calls:?}");
    room.assert_as_it_was("after the run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_not_meant_for_drills_is_left_alone() {
    let room = Room::standing().await;
    let ec2 = room.clients().await.ec2;
    let refused = async |arguments: &[&str], why: &str| {
        let before = crate::state::of(&room.lab);
        let ended = room.ran(arguments).await;
        assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(why), "{why}: {}", ended.stdout);
        crate::state::assert_same(&before, &crate::state::of(&room.lab), why);
    };
    refused(&["--group", "not-there"], "there is no security group not-there").await;
    let other = ec2.create_security_group().group_name("web").description("web").send().await.unwrap();
    let other = other.group_id().unwrap().to_owned();
    refused(&["--group", "web"], "neither the scenario's name").await;
    let tag = Tag::builder().key("alert-drill:scenario").value("security-group-change").build();
    ec2.create_tags().resources(&other).tags(tag).send().await.unwrap();
    let tagged = room.ran(&["--group", "web"]).await;
    assert_eq!(tagged.code, Some(0), "the tag says that drills may open it: {}{}", tagged.stdout, tagged.stderr);

    // The group of the right name, attached to an instance that is none of the scenario's.
    let instance =
        ec2.describe_instances().filters(Filter::builder().name("instance-state-name").values("running").build());
    let instance = instance.send().await.unwrap().reservations()[0].instances()[0].instance_id().unwrap().to_owned();
    let name = |name: &str| Tag::builder().key("Name").value(name).build();
    ec2.create_tags().resources(&instance).tags(name("web-1")).send().await.unwrap();
    refused(&[], &format!("it is attached to the instance {instance}")).await;
    let allowed = room.ran(&["--allow-shared-group"]).await;
    assert_eq!(allowed.code, Some(0), "{}{}", allowed.stdout, allowed.stderr);
    ec2.create_tags().resources(&instance).tags(name("ec2-securitygroup-test")).send().await.unwrap();

    // A second group of that name, in another VPC.
    let vpc = ec2.create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap();
    let second = ec2.create_security_group().group_name("securitygroup-test").description("second");
    second.vpc_id(vpc.vpc().unwrap().vpc_id().unwrap()).send().await.unwrap();
    refused(&[], "there are 2 groups of that name").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_stands_is_not_built_over() {
    let room = Room::standing().await;
    // Without --adopt, and with the group's name free: the rule would be replaced, and removed at the end.
    let url = room.lab.endpoint_url();
    let scenario = opening_to(&room, "203.0.113.0/24");
    let yaml = std::path::Path::new(&scenario).join("scenario.yaml");
    let renamed = std::fs::read_to_string(&yaml).unwrap().replace("name: securitygroup-test", "name: another-group");
    std::fs::write(&yaml, renamed).unwrap();
    let (journal, notifier) = (room.journal(), room.notifier());
    let ended = raw(
        &room,
        &[
            "run",
            &scenario,
            "--target",
            "aws",
            "--account",
            ACCOUNT,
            "--region",
            REGION,
            "--endpoint-url",
            &url,
            "--journal",
            journal.to_str().unwrap(),
            "--notifier",
            notifier.to_str().unwrap(),
        ],
    )
    .await;
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    room.assert_as_it_was("after the refusal");
}
