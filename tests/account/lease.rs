//! One run at a time on a group that is somebody's own.

use aws_sdk_ec2::types::{Filter, Tag};
use jiff::{SignedDuration, Timestamp};

use crate::room::Room;

const OTHER: &str = "0193a000-0000-7000-8000-000000000000";

async fn group_id(room: &Room) -> String {
    let named = Filter::builder().name("group-name").values("securitygroup-test").build();
    let described = room.clients().await.ec2.describe_security_groups().filters(named).send().await.unwrap();
    described.security_groups()[0].group_id().unwrap().to_owned()
}

/// Another run's claim, good for so many seconds from now on.
async fn claim(room: &Room, seconds: i64) {
    let until = Timestamp::now() + SignedDuration::from_secs(seconds);
    let tag = Tag::builder().key(format!("alert-drill:lease:{OTHER}")).value(until.to_string()).build();
    room.clients().await.ec2.create_tags().resources(group_id(room).await).tags(tag).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_keeps_others_out_until_it_expires() {
    let room = Room::standing().await;
    claim(&room, 60).await;
    let held = crate::state::of(&room.lab);
    let refused = room.ran(&[]).await;
    assert_eq!(refused.code, Some(5), "{}{}", refused.stdout, refused.stderr);
    assert!(
        refused.stdout.contains(&format!("the run {OTHER} is at work on the security group sg-")),
        "{}",
        refused.stdout
    );
    crate::state::assert_same(&held, &crate::state::of(&room.lab), "a run that is kept out changes nothing");
    claim(&room, -1).await;
    let taken = room.ran(&[]).await;
    assert_eq!(taken.code, Some(0), "{}{}", taken.stdout, taken.stderr);
    // What a run left that was killed is a clean-up's.
    assert_eq!(room.cleanup(&room.journal(), &[]).await.code, Some(0));
    room.assert_as_it_was("after the clean-up");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_runs_at_once_those_that_are_kept_out_say_so() {
    let room = Room::standing().await;
    let ended = tokio::join!(room.ran(&[]), room.ran(&[]), room.ran(&[]));
    let ended = [ended.0, ended.1, ended.2];
    assert!(ended.iter().any(|ended| ended.code == Some(0)), "one of them drills");
    for ended in ended {
        let kept_out = ended.code == Some(5) && ended.stdout.contains("is at work");
        assert!(ended.code == Some(0) || kept_out, "{:?}: {}{}", ended.code, ended.stdout, ended.stderr);
    }
    room.assert_as_it_was("after all of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_runs_that_build_at_once_one_does_and_the_others_touch_nothing_of_it() {
    let room = Room::empty().await;
    let ended = tokio::join!(room.ran(&[]), room.ran(&[]));
    for ended in [ended.0, ended.1] {
        let kept_out = ended.code == Some(5) && ended.stdout.contains("InvalidGroup.Duplicate");
        assert!(ended.code == Some(0) || kept_out, "{:?}: {}{}", ended.code, ended.stdout, ended.stderr);
    }
    room.assert_as_it_was("after both");
}
