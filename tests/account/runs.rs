//! Runs in an account that come to an end: by themselves, by Ctrl-C, by two.

use std::time::Duration;

use tokio::process::{Child, Command};

use crate::proxy::Cut;
use crate::room::{Room, end_of};

/// All drills but the silent one: in an account it waits for two minutes.
const DRILLS: [&str; 14] = [
    "--drill",
    "open-inbound-port",
    "--drill",
    "close-inbound-port",
    "--drill",
    "open-outbound-port",
    "--drill",
    "close-outbound-port",
    "--drill",
    "delete-group",
    "--drill",
    "edit-inbound-rule",
    "--drill",
    "refused-attempt",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_drill_passes_on_a_pipeline_of_the_runs_own_and_leaves_nothing() {
    let room = Room::empty().await;
    let ended = room.ran(&[&DRILLS[..], &["--output", "json"]].concat()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    assert_eq!((&report["target"]["kind"], &report["target"]["product"]), (&"aws".into(), &"AWS".into()));
    for drill in report["drills"].as_array().unwrap() {
        assert_eq!(drill["verdict"], "passed", "{drill}");
    }
    assert!(report["calls"]["made"].as_u64().unwrap() > 50, "{}", report["calls"]);
    room.assert_as_it_was("after the run");
    assert_eq!(room.journals().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_stands_is_drilled_and_its_group_is_not_deleted() {
    let room = Room::standing().await;
    room.proxy.arm(None);
    let ended = room.ran(&[&DRILLS[..], &["--output", "json"]].concat()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    for drill in ended.json()["drills"].as_array().unwrap() {
        let expected = if drill["name"] == "delete-group" { "skipped" } else { "passed" };
        assert_eq!(drill["verdict"], expected, "{drill}");
    }
    let calls = room.proxy.calls();
    for call in [
        "CreateSecurityGroup",
        "RunInstances",
        "DeleteSecurityGroup",
        "TerminateInstances",
        "CreateTopic",
        "CreateRole",
    ] {
        assert!(!calls.iter().any(|made| made == call), "{call} was called");
    }
    room.assert_as_it_was("after the run");
}

/// A run that has opened its port and waits.
async fn with_an_open_port(room: &Room) -> Child {
    room.proxy.arm(None);
    let drilled = room.ran(&[]).await;
    assert_eq!(drilled.code, Some(0), "{}{}", drilled.stdout, drilled.stderr);
    let open = room.proxy.calls().iter().position(|call| call == "AuthorizeSecurityGroupIngress").unwrap() + 1;
    room.proxy.arm(Some(Cut::After(open)));
    let running = room.run(&["--output", "json"]).spawn().unwrap();
    room.proxy.struck().await;
    running
}

async fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id().unwrap());
    assert!(Command::new("/bin/sh").args(["-c", &kill]).status().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_closes_the_port_and_cleans_up_and_twice_says_what_is_left() {
    let room = Room::standing().await;
    // The call that opened the port has no answer yet: nothing but leaving at once is quick.
    let running = with_an_open_port(&room).await;
    signal(&running, "INT").await;
    tokio::time::timeout(Duration::from_millis(300), std::future::pending::<()>()).await.unwrap_err();
    signal(&running, "TERM").await;
    let ended = end_of(running).await;
    assert_eq!(ended.code, Some(130), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.starts_with("left at once: what the run had made may still be there\n"), "{}", ended.stderr);
    for left in ["security group rule alert-drill ", "changed webhook of the function", "queue ", "alert-drill cleanup"]
    {
        assert!(ended.stderr.contains(left), "{left}: {}", ended.stderr);
    }
    let cleaned = room.cleanup(&room.journal(), &[]).await;
    assert_eq!(cleaned.code, Some(0), "{}{}", cleaned.stdout, cleaned.stderr);
    room.assert_as_it_was("after the clean-up");

    // Once, while it waits for an alert that the rule does not send.
    let rule = "eventbridge-securitygroup-changerule";
    room.clients().await.events.disable_rule().name(rule).send().await.unwrap();
    room.proxy.arm(None);
    let running = room.run(&["--timeout", "60s"]).spawn().unwrap();
    room.proxy.called("AuthorizeSecurityGroupIngress").await;
    signal(&running, "INT").await;
    let ended = end_of(running).await;
    assert_eq!(ended.code, Some(130), "{}{}", ended.stdout, ended.stderr);
    room.clients().await.events.enable_rule().name(rule).send().await.unwrap();
    room.assert_as_it_was("after Ctrl-C");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_at_work_is_left_alone_by_a_clean_up() {
    let room = Room::standing().await;
    let mut running = with_an_open_port(&room).await;
    let held = crate::state::of(&room.lab);
    // On this machine its journal says so; from another one, its lease.
    for (journal, by_lease) in [(room.journal(), false), (room.folder.path("elsewhere"), true)] {
        let cleaned = room.cleanup(&journal, &[]).await;
        assert_eq!(cleaned.code, Some(6), "{}", cleaned.stdout);
        let report = cleaned.json();
        assert_eq!(report["removed"], serde_json::json!([]));
        assert_eq!(report["at_work"][0]["until"].is_string(), by_lease, "{report}");
        crate::state::assert_same(&held, &crate::state::of(&room.lab), "nothing was touched");
    }
    running.kill().await.unwrap();
    assert_eq!(room.cleanup(&room.journal(), &[]).await.code, Some(0), "the journal of a run that is over is enough");
    room.assert_as_it_was("after the clean-up");
}
