use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::*;

/// Files in memory.
#[derive(Default)]
struct InMemory(BTreeMap<&'static str, &'static str>);

impl ScenarioFiles for InMemory {
    fn read(&self, path: &ScenarioPath) -> io::Result<String> {
        self.0.get(path.as_str()).map(|text| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn has_folder(&self, path: &ScenarioPath) -> bool {
        path.as_str() == "notifier"
    }

    fn display(&self, path: &ScenarioPath) -> String {
        path.to_string()
    }

    fn folder(&self) -> Option<&Path> {
        None
    }
}

const SMALL: &str = r#"name: small
title: { en: Small, ko: 작은 시나리오 }
region: ap-northeast-2
pipeline:
  trail: { name: ct-small, bucket_prefix: ct-small }
  rule: { name: small-rule, event_pattern: event-pattern.json }
  topic: { name: small-topic }
  function:
    name: small-function
    runtime: provided.al2023
    package: notifier
    timeout: 30s
    webhook_variable: DISCORD_WEBHOOK_URL
  instance: { name: small, type: t3.micro, image: ami-0123456789abcdef0 }
  group: { name: small, description: Small }
  channel: { name: small }
default_drill: open
drills:
  - name: open
    title: { en: Open }
    action:
      open_inbound_port: { protocol: tcp, port: 22, source: 203.0.113.0/24 }
    expect:
      alert: { at: [queue] }
"#;

/// The small scenario with `from` replaced.
fn small_with(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replace(from, to)
}

fn mistakes(text: &str) -> String {
    Scenario::parse("s.yaml", text, &Shipped).unwrap_err().to_string()
}

fn temporary_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("alert-drill-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(folder.join("notifier")).unwrap();
    folder
}

#[test]
fn the_shipped_scenario_has_every_drill_and_nothing_suspicious() {
    let scenario = Scenario::shipped();
    let drills: Vec<&str> = scenario.drills.iter().map(|drill| drill.name.as_str()).collect();
    assert_eq!(
        drills,
        [
            "open-inbound-port",
            "close-inbound-port",
            "open-outbound-port",
            "close-outbound-port",
            "delete-group",
            "edit-inbound-rule",
            "describe-groups",
            "refused-attempt"
        ]
    );
    assert_eq!(scenario.default_drill().name.as_str(), "open-inbound-port");
    let advisory: Vec<_> =
        scenario.drills.iter().filter(|drill| !drill.required).map(|drill| drill.name.as_str()).collect();
    assert_eq!(advisory, ["edit-inbound-rule"]);
    assert!(scenario.drills.iter().all(|drill| drill.title.ko.is_some()), "every drill has its Korean title");
    assert!(scenario.drill("refused-attempt").unwrap().action.is_dry_run());

    let lint = lint(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/security-group-change")).unwrap();
    insta::assert_snapshot!(lint, @"");
}

#[test]
fn drills_without_a_time_wait_as_long_as_the_patience_says() {
    let scenario = Scenario::shipped();
    let open = scenario.default_drill();
    assert_eq!(TargetKind::ALL.map(|target| scenario.limit(open, target).as_secs()), [5, 30, 900]);
    let look = scenario.drill("describe-groups").unwrap();
    assert_eq!(TargetKind::ALL.map(|target| scenario.limit(look, target).as_secs()), [1, 3, 120]);
}

/// The decoders are written by hand, the JSON form and the schema are derived: this holds them together.
#[test]
fn a_scenario_survives_being_written_and_read() {
    let shipped = Scenario::shipped();
    let written = serde_json::to_string_pretty(&shipped).unwrap();
    assert_eq!(Scenario::parse("s.json", &written, &Shipped).unwrap(), shipped);
    let pipeline: Pipeline = serde_json::from_value(serde_json::to_value(&shipped.pipeline).unwrap()).unwrap();
    assert_eq!(pipeline, shipped.pipeline);
    let drills: Vec<Drill> = serde_json::from_value(serde_json::to_value(&shipped.drills).unwrap()).unwrap();
    assert_eq!(drills, shipped.drills);
}

/// Every object of the schema, and the keys that the decoders name when they meet one that they do not know.
#[test]
fn the_schema_and_the_decoders_know_the_same_keys() {
    let schema = schema();
    let keys = |definition: &serde_json::Value| -> Vec<String> {
        definition["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let check = |text: String, definition: &serde_json::Value| {
        let message = mistakes(&text);
        let hint = message.lines().find(|line| line.contains("its keys are")).unwrap_or_else(|| panic!("{message}"));
        let mut known: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
        let mut keys = keys(definition);
        known.sort_unstable();
        keys.sort_unstable();
        assert_eq!(known, keys);
    };
    let of = |name: &str| &schema["$defs"][name];
    let unknown = "zzzzzzzzzzzz: 1";
    check(format!("{SMALL}{unknown}\n"), &schema);
    for (from, definition) in [
        ("trail: {", "Trail"),
        ("rule: {", "Rule"),
        ("topic: {", "Topic"),
        ("instance: {", "Instance"),
        ("group: {", "SecurityGroup"),
        ("channel: {", "Channel"),
        ("title: {", "Localized"),
        ("open_inbound_port: {", "InboundRule"),
        ("alert: {", "Alert"),
    ] {
        check(small_with(from, &format!("{from} {unknown},")), of(definition));
    }
    check(small_with("pipeline:\n", &format!("pipeline:\n  {unknown}\n")), of("Pipeline"));
    check(small_with("function:\n", &format!("function:\n    {unknown}\n")), of("Function"));
    check(small_with("    expect:\n", &format!("    {unknown}\n    expect:\n")), of("Drill"));
    check(small_with("drills:\n", &format!("patience: {{ {unknown} }}\ndrills:\n")), of("Patience"));
    let alert = "alert: { at: [queue] }";
    check(small_with(alert, &format!("silence: {{ {unknown}, for: 1s }}")), of("Silence"));
    check(small_with(alert, &format!("silence: {{ for: {{ {unknown} }} }}")), of("PerTarget"));
    let open = "open_inbound_port: { protocol: tcp, port: 22, source: 203.0.113.0/24 }";
    check(small_with(open, &format!("open_outbound_port: {{ {unknown} }}")), of("OutboundRule"));
    check(small_with(open, &format!("edit_inbound_rule: {{ {unknown} }}")), of("EditInboundRule"));
    check(small_with(open, &format!("delete_group: {{ {unknown} }}")), of("DeleteGroup"));
}

#[test]
fn every_mistake_is_named_at_once() {
    let text = r#"name: My Scenario
title: 보안 그룹 변경
regoin: ap-northeast-2
pipeline:
  trail: { name: ct--sg, bucket_prefix: CT-bucket }
  rule: { name: 변경 규칙, event_pattern: missing.json }
  topic: { name: alarm.fifo, email: nobody }
  function:
    name: lambda-alarm
    runtime: python3.13
    package: code
    timeout: 30
    memory_mb: 64
    environment: { DISCORD_WEBHOOK_URL: https://discord.com/api/webhooks/1/x, AWS_REGION: x }
    webhook_variable: DISCORD_WEBHOOK_URL
  instance: { name: 1, type: large, image: latest }
  group: { name: sg-1, description: 설명 }
patience: { lab: 5 s, azure: 1m }
default_drill: open-inbound-prot
drills:
  - name: open-inbound-port
    title: { en: "SSH 열기" }
    action: { open_inbound_port: { protocol: tcpp, port: 99999, source: 203.0.113.7 } }
    expect: { alert: { at: [queue, slack], within: soon } }
  - name: open-inbound-port
    title: { en: Twice, ko: 두 번 }
    action: { open_inbound_port: { protocol: tcp, port: 22, source: 203.0.113.0/24 } }
    expect: { alert: { at: [queue] }, silence: { for: 1s } }
    required: no
"#;
    insta::assert_snapshot!(mistakes(text), @"");
}

#[test]
fn actions_and_expectations_are_explained() {
    let open = "open_inbound_port: { protocol: tcp, port: 22, source: 203.0.113.0/24 }";
    let alert = "alert: { at: [queue] }";
    let all: Vec<String> = [
        small_with(open, "open_port: { port: 22 }"),
        small_with(&format!("action:\n      {open}"), "action: describe_groups"),
        small_with(open, "open_inbound_port: { protocol: tcp, source: 203.0.113.0/24 }"),
        small_with(open, "open_inbound_port: { protocol: all, port: 22, source: 0.0.0.0/0 }"),
        small_with(open, "open_outbound_port: { protocol: udp, port: 90-80, source: '::/0' }"),
        small_with(open, "edit_inbound_rule: { from: { protocol: tcp, port: 22, source: ::/0 }, to: { protocol: tcp, port: 22, source: ::/0 } }"),
        small_with(&format!("    expect:\n      {alert}"), "    expect:"),
        small_with(alert, "alert: { at: queue }"),
        small_with(alert, "alert: { at: [] }"),
        small_with(&format!("{alert}\n"), &format!("{alert}\n    required: false\n")),
    ]
    .iter()
    .map(|text| mistakes(text))
    .collect();
    insta::assert_snapshot!(all.join("\n"), @"");
}

#[test]
fn text_that_is_not_yaml_is_refused_in_plain_words() {
    let all: Vec<String> = [
        "name: a\n\ttitle: b\n\t\tko: c\n",
        "name: \"never closed\ntitle: b\n",
        "drills: [one, two\nname: a\n",
        "name: a: b\n",
        "name a\nregion: b\n",
        "name: a\n  region: b\n",
        "name: @here\n",
        "name: *other\n",
        "name: &n x\nregion: !secret y\n",
        "name: a\nregion: b\nname: c\n",
        "name: a\n---\nname: b\n",
        "",
        "# only a comment\n",
        "- a\n- b\n",
        "just words",
    ]
    .iter()
    .map(|text| mistakes(text))
    .collect();
    insta::assert_snapshot!(all.join("\n"), @"");
}

#[test]
fn a_pattern_file_is_shown_where_it_is_wrong() {
    let wrong = |pattern: &'static str| {
        let files = InMemory(BTreeMap::from([("event-pattern.json", pattern)]));
        Scenario::parse("s.yaml", SMALL, &files).unwrap_err().to_string()
    };
    let all = [
        wrong("{\n  \"source\": [\"aws.ec2\"],\n}"),
        wrong("{\n  // why\n  \"source\": [\"aws.ec2\"]\n}"),
        wrong("{ \"source\": [\"aws.ec2\"]"),
        wrong("[\"aws.ec2\"]"),
        wrong(""),
    ];
    insta::assert_snapshot!(all.join("\n"), @"");
}

#[test]
fn carets_stand_under_hangul_in_both_forms() {
    let text = small_with("title: { en: Small, ko: 작은 시나리오 }", "title: { en: 작은 시나리오, 한국어: 작은 }");
    let invalid = Scenario::parse("s.yaml", &text, &Shipped).unwrap_err();
    insta::assert_snapshot!(invalid, @"");
    insta::assert_snapshot!(invalid.fancy(100, false), @"");
    assert!(invalid.fancy(100, true).contains('\u{1b}'), "colours were asked for");
}

#[test]
fn suspicious_scenarios_are_warned_about() {
    let look =
        small_with("open_inbound_port: { protocol: tcp, port: 22, source: 203.0.113.0/24 }", "describe_groups: {}")
            .replace(
                "alert: { at: [queue] }",
                "alert: { at: [queue], within: 10s }\n    required: false\n    reason: { en: x }",
            );
    let silent = small_with("alert: { at: [queue] }", "silence: { for: { lab: 50ms } }\n    reason: { en: Why }");
    let lint = |text: &str| {
        let (decoded, sources) = files::parse("s.yaml", text, &Shipped).unwrap();
        lint::examine(decoded, sources).to_string()
    };
    insta::assert_snapshot!(format!("{}\n\n{}", lint(&look), lint(&silent)), @"");
    assert_eq!(lint(SMALL), "small: 1 drills, 1 required, 0 advisory");
}

#[test]
fn a_folder_and_a_file_load_alike_and_what_is_beside_them_is_found() {
    let folder = temporary_folder();
    let file = folder.join("scenario.yaml");
    std::fs::write(&file, SMALL).unwrap();
    let invalid = Scenario::load(&folder).unwrap_err();
    assert_eq!(invalid.mistakes[0].message, "there is no file `event-pattern.json`");
    std::fs::write(folder.join("event-pattern.json"), r#"{"source": ["aws.ec2"]}"#).unwrap();
    let scenario = Scenario::load(&folder).unwrap();
    assert_eq!(scenario, Scenario::load(&file).unwrap());
    assert_eq!(scenario.folder.as_deref(), Some(folder.as_path()));
    assert_eq!(scenario.event_pattern.text(), r#"{"source": ["aws.ec2"]}"#);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn files_that_cannot_be_scenarios_are_refused() {
    let folder = temporary_folder();
    let refusal = |path: &Path| {
        let shown = Scenario::load(path).unwrap_err().to_string();
        shown.replace(&folder.display().to_string(), "FOLDER").replace('\\', "/")
    };
    let all = {
        let missing = refusal(&folder.join("nowhere"));
        let empty_folder = refusal(&folder);
        let file = folder.join("scenario.yaml");
        std::fs::write(&file, [b"name: a\ntitle: ".as_slice(), &[0xb0, 0xa1], b"\n"].concat()).unwrap();
        let not_utf8 = refusal(&folder);
        std::fs::write(&file, "#".repeat(1_000_001)).unwrap();
        let large = refusal(&folder);
        [missing, empty_folder, not_utf8, large].join("\n")
    };
    std::fs::remove_dir_all(&folder).unwrap();
    insta::assert_snapshot!(all, @"");
}

#[test]
fn a_hostile_file_neither_floods_nor_exhausts() {
    let invalid =
        Scenario::parse("s.yaml", &"- x\n".repeat(200).replace("- x", "k: 1\n? y\n: 2"), &Shipped).unwrap_err();
    assert!(invalid.mistakes.len() <= InvalidScenario::MOST);
    assert!(invalid.to_string().contains("of which the first 50 are shown"));
    let deep = format!("name: {}", "[".repeat(100_000));
    assert_eq!(Scenario::parse("s.yaml", &deep, &Shipped).unwrap_err().mistakes.len(), 1);
    let key = "k".repeat(500_000);
    assert!(mistakes(&format!("{key}: 1\n")).len() < 3_000, "a long line is shown in part");
}
