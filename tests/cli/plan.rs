//! `run --dry-run`: what is printed, and how it ends.

use alert_drill::lab::Lab;
use serde_json::Value;

use crate::permissions::{ACCOUNT, allow, document, in_account, role, told};
use crate::support::{Folder, run};

#[test]
fn a_plan_has_its_calls_by_the_parts_of_the_run_and_is_the_same_each_time() {
    let ended = run(&["--dry-run"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    let titles: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with(|c: char| c.is_alphabetic())).collect();
    assert_eq!(titles, ["look", "build pipeline and probes", "drill open-inbound-port", "clean up"]);
    let opened = ended.stdout.lines().find(|line| line.contains("AuthorizeSecurityGroupIngress")).unwrap();
    assert!(opened.contains(" ± ec2:AuthorizeSecurityGroupIngress"), "{opened}");
    assert!(opened.contains("sg-NEW tcp 22 203.0.113.0/24"), "{opened}");
    let last = ended.stdout.lines().last().unwrap();
    assert!(last.starts_with("✓ the lab of this run 000000000000 ap-northeast-2 · "), "{last}");
    assert!(last.ends_with(" of them change something · nothing was changed"), "{last}");
    let korean = run(&["--dry-run", "--lang", "ko"]);
    assert!(korean.stdout.contains("훈련 open-inbound-port\n"), "{}", korean.stdout);
    // Side by side, calls may come in another order.
    let lines = |text: &str| {
        // How often something is asked depends on how fast the answer is there.
        let lasting = text.lines().filter(|line| !line.contains("(again and again)") && !line.starts_with('✓'));
        let mut lines: Vec<String> = lasting.filter_map(|line| line.get(6..).map(str::to_owned)).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&ended.stdout), lines(&run(&["--dry-run"]).stdout));
}

#[test]
fn json_has_every_call_with_what_it_is_about_and_no_secret() {
    let ended = run(&["--dry-run", "--all", "--output", "json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let plan: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&plan["format_version"], &plan["target"]["kind"]), (&1.into(), &"lab".into()));
    assert_eq!(plan["drills"].as_array().unwrap().len(), 8);
    let calls = plan["calls"].as_array().unwrap();
    let created = calls.iter().find(|call| call["call"] == "lambda:CreateFunction").unwrap();
    assert_eq!(created["parameters"]["FunctionName"], "lambda-securitygroup-alarm");
    assert_eq!((&created["changes"], &created["dry_run"]), (&true.into(), &Value::Null));
    assert!(!ended.stdout.contains("webhooks"), "the function's environment is not shown: {}", ended.stdout);
}

#[test]
fn what_makes_no_sense_beside_it_is_a_wrong_command_line() {
    let folder = Folder::new();
    let file = folder.text("file");
    for (arguments, why) in [
        (&["--report-html", &file][..], "finds out nothing of the pipeline"),
        (&["--history", &file], "finds out nothing of the pipeline"),
        (&["--metrics-file", &file], "finds out nothing of the pipeline"),
        (&["--target", "localstack"], "what a run does on LocalStack only a run finds out"),
        (
            &[
                "--region",
                "us-east-1",
                "--region",
                "us-west-2",
                "--discord",
                "tunnel",
                "--discord-url",
                "https://a.example",
            ],
            "a run in one place",
        ),
    ] {
        let ended = run(&[&["run", "--dry-run"], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(why), "{arguments:?}: {}", ended.stderr);
    }
    assert!(!std::path::Path::new(&file).exists());
}

#[test]
fn several_places_have_a_plan_each_and_one_that_has_none_says_why() {
    let regions = ["--region", "us-east-1", "--region", "ap-northeast-2"];
    let ended = run(&[&["run", "--dry-run"], &regions[..]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    let headings: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with("== ")).collect();
    assert_eq!(headings, ["== 000000000000 us-east-1", "== 000000000000 ap-northeast-2"]);
    assert_eq!(ended.stdout.matches(" of them change something · nothing was changed").count(), 2, "{}", ended.stdout);
    assert_eq!(ended.stdout.lines().last(), Some("✓ 2 places: 2 could run, 0 would be refused, 0 without a plan"));

    let folder = Folder::new();
    let places = "places:\n  - account: \"111122223333\"\n    regions: [us-east-1, us-west-2]\n";
    let matrix = folder.write("matrix.yaml", places);
    let nobody = ["--endpoint-url", "http://127.0.0.1:9", "--matrix", &matrix, "--output", "json"];
    let ended = run(&[&["run", "--dry-run"], &nobody[..]].concat());
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    let plans: Value = serde_json::from_str(&ended.stdout).unwrap();
    for (place, region) in plans["places"].as_array().unwrap().iter().zip(["us-east-1", "us-west-2"]) {
        assert_eq!((&place["account"], &place["region"]), (&"111122223333".into(), &region.into()));
        assert!(place["plan"].is_null() && place["reason"].as_str().unwrap().contains("127.0.0.1:9"), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ec2_would_refuse_is_named_with_its_reason_and_ends_with_5() {
    let lab = Lab::builder().enforce_iam(true).start().await.unwrap();
    let role = role(&lab).await;
    let folder = Folder::new();
    let arguments = in_account(&folder, &lab.endpoint_url());
    let policy = document(&["permissions", "--provision", "--account", ACCOUNT]);
    let run = async |policy: &Value| {
        allow(&lab, policy).await;
        told(&arguments, &["--dry-run", "--role-arn", &role]).await
    };
    let allowed = run(&policy).await;
    assert_eq!((allowed.code, allowed.stderr.as_str()), (Some(0), ""), "{}", allowed.stdout);
    assert!(allowed.stdout.contains("sts:AssumeRole"), "{}", allowed.stdout);
    let less = policy.to_string().replace("\"ec2:RunInstances\"", "\"ec2:DescribeInstances\"");
    let refused = run(&serde_json::from_str(&less).unwrap()).await;
    assert_eq!((refused.code, refused.stderr.as_str()), (Some(5), ""), "{}", refused.stdout);
    let why =
        refused.stdout.lines().find(|line| line.contains("DryRun: would be refused (UnauthorizedOperation)")).unwrap();
    assert!(why.contains("is not authorized to perform: ec2:RunInstances"), "{why}");
    assert!(!why.contains("Encoded authorization failure message"), "{why}");
    assert!(refused.stdout.contains("2 would succeed, 2 would not · nothing was changed"), "{}", refused.stdout);
    lab.stop().await;
}
