//! A run that is killed leaves what a clean-up finds, wherever it was.
//!
//! The steps are found and not listed: the proxy kills at the first call, at the second, and so on, until a run comes to its
//! end. Each gap between two calls is met twice: before the call that follows it, with the journal, and after the call before
//! it, without: then tags and descriptions alone have to do. Where a run has half as many calls again, each gap is met once, in the
//! one way or the other by turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::proxy::Cut;
use crate::room::{Room, end_of};

/// How many accounts are tried side by side.
const SIDE_BY_SIDE: usize = 3;

const DRILL: [&str; 2] = ["--drill", "open-inbound-port"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pipeline {
    Provisioned,
    Standing,
    /// It stands, and what its function posts is caught by a function URL.
    Captured,
}

impl Pipeline {
    async fn room(self) -> Room {
        match self {
            Self::Provisioned => Room::empty().await,
            Self::Standing | Self::Captured => Room::standing().await,
        }
    }

    /// How a run is stopped at its call of this number.
    fn cuts(self, step: usize) -> Vec<Cut> {
        let both = vec![Cut::Before(step), Cut::After(step)];
        if self == Self::Captured { vec![both[step % 2]] } else { both }
    }

    fn arguments(self) -> Vec<&'static str> {
        let capture: &[&str] = if self == Self::Captured { &["--discord", "capture"] } else { &[] };
        [&DRILL, capture].concat()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_builds_its_pipeline_can_be_killed_at_every_step() {
    let calls = at_every_step(Pipeline::Provisioned).await;
    for call in ["CreateSecurityGroup", "CreateTopic", "PutRule", "AuthorizeSecurityGroupIngress", "DeleteTopic"] {
        assert!(calls.iter().any(|made| made == call), "{call} is one of the steps: {calls:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_a_pipeline_that_stands_can_be_killed_at_every_step() {
    let calls = at_every_step(Pipeline::Standing).await;
    for call in ["CreateTags", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "DeleteTags"] {
        assert!(calls.iter().any(|made| made == call), "{call} is one of the steps: {calls:?}");
    }
    let webhook = calls.iter().filter(|call| call.starts_with("PUT ") && call.ends_with("/configuration")).count();
    assert_eq!(webhook, 2, "the webhook is changed and put back: {calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_catches_what_is_posted_can_be_killed_at_every_step() {
    if !crate::capture::has_python() {
        return;
    }
    let calls = at_every_step(Pipeline::Captured).await;
    for call in ["CreateRole", "PutRolePolicy", "CreateLogGroup", "CreateQueue", "DeleteRolePolicy", "DeleteRole"] {
        assert!(calls.iter().any(|made| made == call), "{call} is one of the steps: {calls:?}");
    }
    for (method, what) in [("POST ", "/policy"), ("POST ", "/url"), ("DELETE ", "/url")] {
        assert!(calls.iter().any(|made| made.starts_with(method) && made.ends_with(what)), "{method}{what}: {calls:?}");
    }
}

/// Kills a run at each of its calls, and says which calls there are.
async fn at_every_step(pipeline: Pipeline) -> Vec<String> {
    let next = Arc::new(AtomicUsize::new(1));
    let mut working = tokio::task::JoinSet::new();
    for _ in 0..SIDE_BY_SIDE {
        let next = Arc::clone(&next);
        working.spawn(async move {
            let room = pipeline.room().await;
            let (mut calls, mut killed) = (Vec::new(), 0);
            loop {
                let step = next.fetch_add(1, Ordering::Relaxed);
                let mut struck = 0;
                for cut in pipeline.cuts(step) {
                    struck += usize::from(kill_at(&room, &pipeline.arguments(), cut).await);
                }
                killed += struck;
                // Strands side by side may make a call more or less, but not several.
                if struck == 0 {
                    calls.extend(room.proxy.calls());
                    return (calls, killed);
                }
            }
        });
    }
    let ended = working.join_all().await;
    let killed: usize = ended.iter().map(|(_, killed)| killed).sum();
    let calls = ended.into_iter().next().unwrap().0;
    assert!(killed + 4 >= pipeline.cuts(1).len() * calls.len(), "killed {killed} times at {} calls", calls.len());
    eprintln!("{pipeline:?}: killed {killed} times at {} calls, and restored each time", calls.len());
    calls
}

/// Runs until the cut and cleans up; says whether the run came to the cut.
async fn kill_at(room: &Room, arguments: &[&str], cut: Cut) -> bool {
    room.proxy.arm(Some(cut));
    let mut running = room.run(arguments).spawn().unwrap();
    let struck = tokio::select! {
        () = room.proxy.struck() => true,
        ended = running.wait() => {
            assert!(ended.unwrap().success(), "{cut:?}: {}", end_of(running).await.stdout);
            false
        }
    };
    if struck {
        running.kill().await.unwrap();
        room.proxy.settled().await;
        let calls = room.proxy.calls();
        let cleaned = match cut {
            Cut::Before(_) => room.cleanup(&room.journal(), &[]).await,
            // Nobody knows then that the run is over.
            Cut::After(_) => {
                std::fs::remove_dir_all(room.journal()).unwrap_or_default();
                room.cleanup(&room.folder.path("none"), &["--ignore-leases"]).await
            }
        };
        let at = calls.get(cut_at(cut) - 1).cloned().unwrap_or_default();
        let when = format!("{cut:?} ({at})\n{}{}", cleaned.stdout, cleaned.stderr);
        assert_eq!(cleaned.code, Some(0), "{when}");
        room.assert_as_it_was(&when);
        assert_eq!(room.journals().len(), 0, "nothing is kept of a run that nothing is left of: {when}");
    } else {
        room.assert_as_it_was("the run came to its end");
    }
    struck
}

fn cut_at(cut: Cut) -> usize {
    let (Cut::Before(step) | Cut::After(step)) = cut;
    step
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_up_can_be_repeated_and_only_looks_where_it_is_told_to() {
    let room = Room::standing().await;
    // In the middle of the drill: the port is open, the webhook is changed.
    room.proxy.arm(None);
    let clean = room.ran(&DRILL).await;
    assert_eq!(clean.code, Some(0), "{}{}", clean.stdout, clean.stderr);
    let open = room.proxy.calls().iter().position(|call| call == "AuthorizeSecurityGroupIngress").unwrap() + 1;
    room.proxy.arm(Some(Cut::After(open)));
    let mut running = room.run(&DRILL).spawn().unwrap();
    room.proxy.struck().await;
    running.kill().await.unwrap();
    let looked = room.cleanup(&room.journal(), &["--dry-run"]).await.json();
    let kinds: Vec<&str> =
        looked["removed"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"security group rule"), "ports are closed first");
    assert!(kinds.contains(&"changed webhook of the function"), "{kinds:?}");
    let cleaned = room.cleanup(&room.journal(), &[]).await;
    assert_eq!(cleaned.code, Some(0), "{}", cleaned.stdout);
    assert_eq!(cleaned.json()["removed"], looked["removed"], "what was listed is what is removed");
    room.assert_as_it_was("after the clean-up");
    let again = room.cleanup(&room.journal(), &[]).await;
    assert_eq!((again.code, &again.json()["removed"]), (Some(0), &serde_json::json!([])));
    room.assert_as_it_was("after the second clean-up");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_removed_is_listed_and_the_rest_goes() {
    use alert_drill::lab::faults::{CallFault, CallFaultKind, Faults};
    use alert_drill::lab::gateway::service::Service;

    let room = Room::empty().await;
    room.proxy.arm(Some(Cut::Before(40)));
    let mut running = room.run(&DRILL).spawn().unwrap();
    room.proxy.struck().await;
    running.kill().await.unwrap();
    room.proxy.settled().await;
    let fault = CallFault::new(CallFaultKind::InternalError).operation(Service::Iam, "DeleteRole");
    room.lab.set_faults(&Faults::new().call(fault)).unwrap();
    let cleaned = room.cleanup(&room.journal(), &[]).await;
    assert_eq!(cleaned.code, Some(6), "{}", cleaned.stdout);
    let left = cleaned.json()["left_behind"].clone();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["kind"]), (1, &"role".into()), "{left}");
    assert_eq!(room.journals().len(), 1, "the journal stays for the next try");
    room.lab.set_faults(&Faults::new()).unwrap();
    assert_eq!(room.cleanup(&room.journal(), &[]).await.code, Some(0));
    room.assert_as_it_was("after the second try");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_a_runs_and_carries_no_mark_is_shown_and_left_alone() {
    let room = Room::empty().await;
    let clients = room.clients().await;
    let name = "alert-drill-probe-0123456789ab";
    clients.sqs.create_queue().queue_name(name).send().await.unwrap();
    clients.sqs.create_queue().queue_name("alert-drill-queue-of-somebody").send().await.unwrap();
    let topic = clients.sns.create_topic().name(name).send().await.unwrap();
    let pattern = r#"{"source":["aws.ec2"]}"#;
    let rule = "alert-drill-tap-0123456789ab";
    clients.events.put_rule().name(rule).event_pattern(pattern).send().await.unwrap();
    let before = crate::state::of(&room.lab);
    let cleaned = room.cleanup(&room.journal(), &[]).await;
    assert_eq!(cleaned.code, Some(0), "{}{}", cleaned.stdout, cleaned.stderr);
    let mut shown: Vec<(String, String)> = cleaned.json()["unmarked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["kind"].as_str().unwrap().to_owned(), one["id"].as_str().unwrap().to_owned()))
        .collect();
    shown.sort();
    let wanted = [("queue", name), ("rule", rule), ("topic", topic.topic_arn().unwrap())];
    assert_eq!(shown, wanted.map(|(kind, id)| (kind.to_owned(), id.to_owned())));
    crate::state::assert_same(&before, &crate::state::of(&room.lab), "nothing was touched");
}
