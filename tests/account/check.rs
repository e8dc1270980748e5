//! `check` of a pipeline that somebody built in an account.

use crate::room::{Room, end_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_in_an_account_is_looked_at_and_not_touched() {
    let room = Room::standing().await;
    let looked = end_of(room.check(&["--output", "json"]).spawn().unwrap()).await;
    assert_eq!((looked.code, looked.stderr.as_str()), (Some(0), ""), "{}", looked.stdout);
    let report = looked.json();
    assert_eq!((&report["target"]["kind"], &report["verdict"]), (&"aws".into(), &"passed".into()));
    assert_eq!(report["inspection"]["trials"], serde_json::json!([]), "nobody's code runs here unasked");
    room.assert_as_it_was("after the look");

    room.clients().await.events.disable_rule().name("eventbridge-securitygroup-changerule").send().await.unwrap();
    let found = end_of(room.check(&["--output", "json"]).spawn().unwrap()).await;
    assert_eq!(found.code, Some(1), "{}", found.stderr);
    assert_eq!(found.json()["findings"][0]["code"], "RULE_DISABLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_check_drills_the_groups_own_account_and_puts_everything_back() {
    let room = Room::standing().await;
    let journal = room.journal();
    let live = ["--live", "--journal", journal.to_str().unwrap(), "--timeout", "20s"];
    let drilled = end_of(room.check(&live).spawn().unwrap()).await;
    assert_eq!(drilled.code, Some(0), "{}{}", drilled.stdout, drilled.stderr);
    assert!(drilled.stdout.contains("open-inbound-port"), "{}", drilled.stdout);
    room.assert_as_it_was("after the drill");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_of_an_account_needs_the_account_and_the_region_that_are_meant() {
    let room = Room::empty().await;
    for missing in [&["--account", "123456789012"][..], &["--region", "ap-northeast-2"]] {
        let ended = end_of(room.command(&[&["check", "--target", "aws"], missing].concat()).spawn().unwrap()).await;
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    }
    let url = room.lab.endpoint_url();
    let other = ["check", "--target", "aws", "--account", "999999999999", "--region", "ap-northeast-2"];
    let ended = end_of(room.command(&[&other[..], &["--endpoint-url", &url]].concat()).spawn().unwrap()).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    assert!(ended.stderr.contains("are those of the account 123456789012, not of 999999999999"), "{}", ended.stderr);
}
