//! A machine whose clock is not AWS's.

use aws_sdk_ec2::types::Tag;
use jiff::{SignedDuration, Timestamp};

use crate::room::Room;

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_measured_and_said_and_the_lease_is_told_in_the_accounts_time() {
    let room = Room::standing().await;
    let right = room.ran(&["--output", "json"]).await;
    assert_eq!(right.code, Some(0), "{}{}", right.stdout, right.stderr);
    assert!(right.json()["target"]["clock"].is_null(), "{}", right.json()["target"]);

    room.proxy.set_clock(90);
    let off = room.ran(&["--output", "json"]).await;
    assert_eq!(off.code, Some(0), "{}{}", off.stdout, off.stderr);
    let clock = &off.json()["target"]["clock"];
    let (ms, uncertain) = (clock["ms"].as_i64().unwrap(), clock["uncertainty_ms"].as_i64().unwrap());
    assert!((ms - 90_000).abs() <= uncertain + 100 && uncertain <= 600, "{clock}");
    let drill = &off.json()["drills"][0];
    // Its record's time is the lab's: of the hops, the topic's is never later than the queue's.
    let latency = |hop: &str| {
        let hops = drill["hops"].as_array().unwrap();
        hops.iter().find(|one| one["hop"] == hop).unwrap()["latency_ms"].as_f64().unwrap()
    };
    assert!((0.0..=latency("queue")).contains(&latency("topic")), "{drill}");

    // The lease of another run: good for a minute by this machine's clock, over for long by the account's.
    let ec2 = room.clients().await.ec2;
    let groups = ec2.describe_security_groups().group_names("securitygroup-test").send().await.unwrap();
    let group = groups.security_groups()[0].group_id().unwrap();
    let until = Timestamp::now() + SignedDuration::from_secs(60);
    let lease = Tag::builder().key("alert-drill:lease:another").value(until.to_string()).build();
    ec2.create_tags().resources(group).tags(lease).send().await.unwrap();
    let free = room.ran(&[]).await;
    assert_eq!(free.code, Some(0), "{}{}", free.stdout, free.stderr);
    assert!(free.stdout.starts_with("the clock of this machine is "), "{}", free.stdout);
    let files = ["html", "markdown", "junit"].map(|form| room.folder.path(form).display().to_string());
    let [html, markdown, junit] = &files;
    let reported = room.ran(&["--report-html", html, "--report-markdown", markdown, "--report-junit", junit]).await;
    assert_eq!(reported.code, Some(0), "{}{}", reported.stdout, reported.stderr);
    for (file, words) in
        files.iter().zip(["the clock of this machine is ", "the clock of this machine is ", "clock_ms"])
    {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(words), "{text}");
    }
    room.proxy.set_clock(0);
    let held = room.ran(&[]).await;
    assert_eq!(held.code, Some(5), "{}{}", held.stdout, held.stderr);
    assert!(held.stdout.contains("the run another is at work"), "{}", held.stdout);
    room.proxy.set_clock(-400);
    let refused = room.ran(&["--lang", "en"]).await;
    assert!(
        refused.stdout.contains("AWS refuses calls whose clock is more than five minutes off"),
        "{}",
        refused.stdout
    );
}
