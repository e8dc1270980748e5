//! Several places in one run.

use std::fs;
#[cfg(target_os = "linux")]
use std::time::Duration;

use alert_drill::lab::Lab;
use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder as HttpClient;
use aws_types::region::Region;
use serde_json::Value;

use crate::support::{Ended, Folder, command, finish, run};

fn report(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}{}", ended.stdout, ended.stderr))
}

/// Account, Region and verdict of each place.
fn places(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let places = report["places"].as_array().unwrap();
    places.iter().map(|place| (text(&place["account"]), text(&place["region"]), text(&place["verdict"]))).collect()
}

/// Each of these Regions of each of these accounts, passed.
fn all_passed(accounts: &[&str], regions: &[&str]) -> Vec<(String, String, String)> {
    let passed = |account: &&str, region: &&str| ((*account).to_owned(), (*region).to_owned(), "passed".to_owned());
    accounts.iter().flat_map(|account| regions.iter().map(move |region| passed(account, region))).collect()
}

#[test]
fn every_region_of_every_account_of_a_matrix_is_drilled_and_recorded() {
    let folder = Folder::new();
    let matrix = folder.write(
        "matrix.yaml",
        "places:\n  - account: \"111122223333\"\n    regions: [ap-northeast-2, us-east-1]\n  \
         - role_arn: arn:aws:iam::444455556666:role/alert-drill\n    regions: [eu-west-1]\n",
    );
    let (history, metrics) = (folder.text("history.jsonl"), folder.text("alert-drill.prom"));
    let arguments = ["--matrix", &matrix, "--history", &history, "--metrics-file", &metrics];
    let ended = run(&[&arguments[..], &["--output", "json"]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    let report = report(&ended);
    assert_eq!(
        (&report["verdict"], &report["passed"], &report["format_version"]),
        (&"passed".into(), &3.into(), &1.into())
    );
    let mut wanted = all_passed(&["111122223333"], &["ap-northeast-2", "us-east-1"]);
    wanted.extend(all_passed(&["444455556666"], &["eu-west-1"]));
    assert_eq!(places(&report), wanted);
    let ids: Vec<&Value> =
        report["places"].as_array().unwrap().iter().map(|place| &place["report"]["run_id"]).collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "each place has a run of its own");
    assert_eq!(fs::read_to_string(&history).unwrap().lines().count(), 3);
    assert_eq!(fs::read_to_string(&metrics).unwrap().matches("alert_drill_run_success{").count(), 3);
    let human = run(&["--matrix", &matrix]);
    assert!(human.stdout.starts_with("✓ 111122223333 ap-northeast-2  1 passed, alerts within "), "{}", human.stdout);
    assert!(human.stdout.contains("\n✓ 3 places: 3 passed, 0 failed, 0 without a verdict · "), "{}", human.stdout);
    let korean = run(&["--region", "ap-northeast-2", "--region", "us-east-1", "--lang", "ko"]);
    assert!(korean.stdout.contains("\n✓ 2곳: 성공 2, 실패 0, 판정 불가 0 · "), "{}", korean.stdout);
}

/// What an account has once for all Regions, its roles and the names of its buckets, keeps no Region waiting.
#[test]
fn regions_of_one_account_are_not_in_each_others_way() {
    let (lab, endpoint) = crate::support::lab();
    let regions = ["ap-northeast-2", "us-east-1", "eu-west-1", "us-west-2"];
    let asked = regions.iter().flat_map(|region| ["--region", region]);
    let arguments: Vec<&str> = ["--endpoint-url", &endpoint, "--output", "json"].into_iter().chain(asked).collect();
    let ended = run(&arguments);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(report(&ended)["passed"], regions.len());
    crate::support::signal(&lab, "INT");
    crate::support::end_of(lab);
}

#[test]
fn a_silent_alarm_shows_its_ladder_in_every_place() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let ended = run(&["run", &scenario, "--timeout", "200ms", "--region", "us-east-1", "--region", "us-west-2"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stdout.starts_with("✗ 000000000000 us-east-1  open-inbound-port: the event pattern of"),
        "{}",
        ended.stdout
    );
    assert_eq!(ended.stdout.matches("✗ rule").count(), 2, "{}", ended.stdout);
    assert!(ended.stdout.contains("\n✗ 2 places: 0 passed, 2 failed, 0 without a verdict · "), "{}", ended.stdout);
}

/// A client of IAM in an account of a lab.
pub(crate) fn iam(lab: &Lab, account: &str) -> aws_sdk_iam::Client {
    let config = aws_sdk_iam::Config::builder()
        .behavior_version_latest()
        .region(Region::new("us-east-1"))
        .endpoint_url(lab.endpoint_url())
        .credentials_provider(Credentials::from_keys(account, "test", None))
        .http_client(HttpClient::new().build_http());
    aws_sdk_iam::Client::from_conf(config.build())
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_taken_on_with_their_external_id_and_one_that_refuses_ends_no_other_run() {
    let lab = Lab::start().await.unwrap();
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999900001111:root"},
        "Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"drill-7"}}}}"#;
    for account in ["111122223333", "444455556666"] {
        let created = iam(&lab, account).create_role().role_name("alert-drill").assume_role_policy_document(trust);
        created.send().await.unwrap();
    }
    let endpoint = lab.endpoint_url();
    let run = |accounts: &'static [&'static str], external_id: &'static str| {
        let mut arguments =
            vec!["--endpoint-url".to_owned(), endpoint.clone(), "--output".to_owned(), "json".to_owned()];
        for account in accounts {
            arguments.extend(["--role-arn".to_owned(), format!("arn:aws:iam::{account}:role/alert-drill")]);
        }
        let mut run = command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        run.envs([("ALERT_DRILL_EXTERNAL_ID", external_id), ("AWS_ACCESS_KEY_ID", "999900001111")]);
        tokio::task::spawn_blocking(|| finish(run))
    };
    let ended = run(&["111122223333", "444455556666"], "drill-7").await.unwrap();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    let report = report(&ended);
    assert_eq!(places(&report), all_passed(&["111122223333", "444455556666"], &["ap-northeast-2"]));
    // CloudTrail says of each call which run made it: the session has the run's id in its name.
    let run_id = report["places"][1]["report"]["run_id"].as_str().unwrap();
    let cloudtrail = aws_sdk_cloudtrail::Client::from_conf(
        aws_sdk_cloudtrail::Config::builder()
            .behavior_version_latest()
            .region(Region::new("ap-northeast-2"))
            .endpoint_url(&endpoint)
            .credentials_provider(Credentials::from_keys("444455556666", "test", None))
            .http_client(HttpClient::new().build_http())
            .build(),
    );
    let opened = aws_sdk_cloudtrail::types::LookupAttribute::builder()
        .attribute_key(aws_sdk_cloudtrail::types::LookupAttributeKey::EventName)
        .attribute_value("AuthorizeSecurityGroupIngress");
    let seen = cloudtrail.lookup_events().lookup_attributes(opened.build().unwrap()).send().await.unwrap();
    assert_eq!(seen.events()[0].username(), Some(format!("alert-drill-{run_id}").as_str()));

    let mixed = run(&["111122223333", "777788889999"], "drill-7").await.unwrap();
    assert_eq!(mixed.code, Some(5), "{}", mixed.stdout);
    let mixed = self::report(&mixed);
    assert_eq!((&mixed["passed"], &mixed["error"]), (&1.into(), &1.into()));
    let why = mixed["places"][1]["reason"].as_str().unwrap();
    assert!(
        why.starts_with("the role arn:aws:iam::777788889999:role/alert-drill cannot be assumed: AccessDenied"),
        "{why}"
    );
    let wrong = run(&["111122223333"], "drill-8").await.unwrap();
    assert_eq!(wrong.code, Some(5), "{}", wrong.stderr);
    for said in [&wrong.stderr, &wrong.stdout] {
        assert!(said.contains("cannot be assumed: AccessDenied") && !said.contains("drill-8"), "{said}");
    }
    lab.stop().await;
}

#[test]
fn mistakes_of_a_matrix_are_named_with_their_places() {
    let folder = Folder::new();
    let file = folder.write(
        "matrix.yaml",
        "places:\n  - account: 111122223333\n    regions: [ap-northeast-2]\n  - role_arn: arn:aws:iam::1:role/x\n    \
         regions: [us-east-1a]\n  - regions: [us-east-1]\n  - account: \"111122223333\"\n    region: us-east-1\n  \
         - account: \"444455556666\"\n    regions: [us-east-1, us-east-1]\n",
    );
    let ended = run(&["--matrix", &file]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
    for mistake in [
        "2:14: `account` must be text, and YAML reads `111122223333` as something else",
        "4:15: `arn:aws:iam::1:role/x` is not the ARN of a role",
        "5:15: `us-east-1a` is not a Region: it names an Availability Zone",
        "6:5: a place has an `account`, or the `role_arn` of a role in it, and this has neither",
        "8:5: a place has no key `region`",
        "10:26: 444455556666 in us-east-1 is there twice",
    ] {
        assert!(ended.stderr.contains(&format!("{file}:{mistake}")), "{mistake}\n{}", ended.stderr);
    }
    let empty = run(&["--matrix", &folder.write("empty.yaml", "")]);
    assert!(
        empty.stderr.contains("the file is empty") && empty.stderr.contains("begin with `places:`"),
        "{}",
        empty.stderr
    );
    let missing = run(&["--matrix", &folder.text("nowhere.yaml")]);
    assert_eq!(missing.code, Some(3));
    assert!(missing.stderr.contains("nowhere.yaml: there is no such file"), "{}", missing.stderr);
}

#[test]
fn places_that_cannot_be_are_a_wrong_command_line() {
    let role = "arn:aws:iam::111122223333:role/alert-drill";
    for (arguments, why) in [
        (&["--region", "us-east-1", "--region", "us-east-1"][..], "the account in us-east-1 is asked for twice"),
        (&["--role-arn", role, "--role-arn", role], "111122223333 in one Region is asked for twice"),
        (&["--role-arn", "alert-drill"], "`alert-drill` is not the ARN of a role"),
        (&["--external-id", "x"], "--role-arn"),
        (&["--region", "Seoul"], "is not a Region"),
        (&["--region", "us-east-1", "--matrix", "m.yaml"], "cannot be used with"),
        (&["--target", "localstack", "--region", "us-east-1", "--region", "us-west-2"], "is one place"),
    ] {
        let ended = run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(why), "{arguments:?}: {}", ended.stderr);
    }
}

/// How much memory a process has had at the most, in kB, and how much processor time it and its children took.
#[cfg(target_os = "linux")]
fn usage(process: u32) -> Option<(u64, Duration)> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may hold anything: utime, stime, cutime and cstime are the fields 14 to 17, in hundredths.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks: u64 = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some((peak, Duration::from_millis(ticks * 10)))
}

/// A fifth of what has to be possible: 20 accounts × 5 Regions within 20 s and 300 MB on two cores. What is measured is the
/// processor's time, because a machine that is busy with other tests makes everything take longer.
#[test]
#[cfg(target_os = "linux")]
fn twenty_places_at_sixteen_at_a_time_take_little_time_and_memory() {
    let folder = Folder::new();
    let place = |account: u32| {
        let regions = "[ap-northeast-2, us-east-1, us-west-2, eu-west-1, sa-east-1]";
        format!("  - account: \"{account:012}\"\n    regions: {regions}\n")
    };
    let matrix = folder.write("matrix.yaml", format!("places:\n{}", (1..=4).map(place).collect::<String>()));
    let child = command(&["--matrix", &matrix, "--parallel", "16", "--output", "json"]).spawn().unwrap();
    let id = child.id();
    let reading = std::thread::spawn(move || crate::support::end_of(child));
    let mut used = None;
    while !reading.is_finished() {
        used = usage(id).or(used);
        std::thread::sleep(Duration::from_millis(5));
    }
    let ended = reading.join().unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(report(&ended)["passed"], 20);
    let (peak, took) = used.unwrap();
    eprintln!("20 places: {took:?} of the processor, {} MB", peak / 1000);
    // Two cores for 20 s, a fifth of it; a build without optimisation gets twice as much.
    assert!(took < Duration::from_secs(16), "{took:?}");
    assert!(peak < 300_000, "{peak} kB");
}
