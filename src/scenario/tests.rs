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
    insta::assert_snapshot!(lint, @"security-group-change: 8 drills, 7 required, 1 advisory");
}

#[test]
fn drills_without_a_time_wait_as_long_as_the_patience_says() {
    let scenario = Scenario::shipped();
    let open = scenario.default_drill();
    assert_eq!(TargetKind::ALL.map(|target| scenario.limit(open, target).as_secs()), [5, 30, 900]);
    let look = scenario.drill("describe-groups").unwrap();
    assert_eq!(TargetKind::ALL.map(|target| scenario.limit(look, target).as_secs()), [1, 3, 120]);
}

#[test]
fn a_budget_is_its_end_or_its_parts_in_order() {
    let budget = |patience: &str| {
        let text = small_with("drills:\n", &format!("patience: {patience}\ndrills:\n"));
        Scenario::parse("s.yaml", &text, &Shipped).map(|scenario| scenario.patience.aws)
    };
    let wait = |text: &str| text.parse::<Wait>().unwrap();
    let usual = budget("{ aws: 15m }").unwrap();
    assert_eq!(usual, Budget::usual(TargetKind::Aws));
    assert_eq!((usual.expect.from, usual.expect.to, usual.warn), (wait("10s"), wait("90s"), wait("2m")));
    let short = budget("{ aws: 1m }").unwrap();
    assert_eq!((short.expect.to, short.warn, short.give_up), (wait("1m"), wait("1m"), wait("1m")));
    let parts = budget("{ aws: { expect: { from: 1s, to: 20s }, warn: 30s } }").unwrap();
    assert_eq!((parts.expect.to, parts.warn, parts.give_up), (wait("20s"), wait("30s"), wait("15m")));
    let mistakes = |patience: &str| mistakes(&small_with("drills:\n", &format!("patience: {patience}\ndrills:\n")));
    let late = mistakes("{ aws: { expect: { from: 1s, to: 20s }, warn: 10s } }");
    assert!(late.contains("`warn` is 10s, which is before the end of `expect` (20s)"), "{late}");
    let late = mistakes("{ aws: { warn: 30s, give_up: 20s } }");
    assert!(late.contains("`give_up` is 20s, which is before `warn` (30s)"), "{late}");
    let late = mistakes("{ aws: { expect: { from: 5s, to: 1s } } }");
    assert!(late.contains("`to` is 1s, which is before `from` (5s)"), "{late}");
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
    for (written, definition) in
        [(unknown.to_owned(), "BudgetParts"), (format!("expect: {{ {unknown} }}"), "Expectation")]
    {
        check(small_with("drills:\n", &format!("patience: {{ aws: {{ {written} }} }}\ndrills:\n")), of(definition));
    }
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
    insta::assert_snapshot!(mistakes(text), @r#"
    s.yaml:1:7: `My Scenario` is not a scenario name: it is made of lower-case words joined by hyphens
     1 | name: My Scenario
       |       ^^^^^^^^^^^
       help: write `my-scenario`

    s.yaml:2:8: `title` is written by language
     2 | title: 보안 그룹 변경
       |        ^^^^^^^^^^^^^^
       help: write `{ en: "보안 그룹 변경" }`

    s.yaml:3:1: a scenario has no key `regoin`
     3 | regoin: ap-northeast-2
       | ^^^^^^
       help: did you mean `region`?

    s.yaml:4:1: `channel` is missing: a pipeline needs it
     4 | pipeline:
       | ^^^^^^^^

    s.yaml:5:18: `ct--sg` is not a trail name: two of `.`, `_` and `-` stand side by side
     5 |   trail: { name: ct--sg, bucket_prefix: CT-bucket }
       |                  ^^^^^^

    s.yaml:5:41: `CT-bucket` is not the beginning of a bucket name: it has a capital letter
     5 |   trail: { name: ct--sg, bucket_prefix: CT-bucket }
       |                                         ^^^^^^^^^
       help: write `ct-bucket`

    s.yaml:6:17: `변경 규칙` is not a rule name: `변` is not allowed
     6 |   rule: { name: 변경 규칙, event_pattern: missing.json }
       |                 ^^^^^^^^^
       help: it may have the letters A to Z and a to z, digits, and `.` `_` `-`

    s.yaml:6:39: there is no file `missing.json`
     6 |   rule: { name: 변경 규칙, event_pattern: missing.json }
       |                                           ^^^^^^^^^^^^
       help: it is looked for beside the scenario file

    s.yaml:7:18: `alarm.fifo` is not a topic name: a FIFO topic cannot send e-mail
     7 |   topic: { name: alarm.fifo, email: nobody }
       |                  ^^^^^^^^^^
       help: write `alarm`

    s.yaml:7:37: `nobody` is not an e-mail address: it has a name, one `@` and a domain
     7 |   topic: { name: alarm.fifo, email: nobody }
       |                                     ^^^^^^
       help: write it like `security-team@example.com`

    s.yaml:10:14: the runtime `python3.13` needs a `handler`
     10 |     runtime: python3.13
        |              ^^^^^^^^^^
       help: write the file and the function in it: `handler: lambda_function.lambda_handler`

    s.yaml:11:14: there is no folder `code`
     11 |     package: code
        |              ^^^^
       help: it is looked for beside the scenario file

    s.yaml:12:14: `30` is not a length of time: it has no unit
     12 |     timeout: 30
        |              ^^
       help: write `30s` for seconds

    s.yaml:13:16: a function cannot have 64 MB of memory
     13 |     memory_mb: 64
        |                ^^
       help: Lambda gives from 128 to 10240 MB

    s.yaml:14:20: `environment` sets `DISCORD_WEBHOOK_URL`, which the harness sets
     14 |     environment: { DISCORD_WEBHOOK_URL: https://discord.com/api/webhooks/1/x, AWS_REGION: x }
        |                    ^^^^^^^^^^^^^^^^^^^
       help: take it out: the webhook's address is a secret

    s.yaml:14:79: `AWS_REGION` is not an environment variable name: Lambda sets this one itself
     14 |     environment: { DISCORD_WEBHOOK_URL: https://discord.com/api/webhooks/1/x, AWS_REGION: x }
        |                                                                               ^^^^^^^^^^

    s.yaml:16:21: `name` must be text, and YAML reads `1` as something else
     16 |   instance: { name: 1, type: large, image: latest }
        |                     ^
       help: write `"1"`

    s.yaml:16:30: `large` is not an instance type: it has a family, a point and a size
     16 |   instance: { name: 1, type: large, image: latest }
        |                              ^^^^^
       help: write it like `t3.micro`

    s.yaml:16:44: `latest` is not an image: it is neither an image id nor a parameter that holds one
     16 |   instance: { name: 1, type: large, image: latest }
        |                                            ^^^^^^
       help: write `ami-` and 8 or 17 hexadecimal digits, or `resolve:ssm:` and the parameter's name

    s.yaml:17:18: `sg-1` is not a security group name: it begins with `sg-`, as only ids do
     17 |   group: { name: sg-1, description: 설명 }
        |                  ^^^^

    s.yaml:17:37: `설명` is not a security group description: `설` is not allowed
     17 |   group: { name: sg-1, description: 설명 }
        |                                     ^^^^
       help: it may have the letters A to Z and a to z, digits, and ` ` `.` `_` `-` `:` `/` `(` `)` `#` `,` `@` `[` `]` `+` `=` `&` `;` `{` `}` `!` `$` `*`

    s.yaml:18:18: `5 s` is not a length of time: `s` is not a unit
     18 | patience: { lab: 5 s, azure: 1m }
        |                  ^^^
       help: write a whole number and a unit, `ms`, `s` or `m`, without a space between them

    s.yaml:18:23: a time by target has no key `azure`
     18 | patience: { lab: 5 s, azure: 1m }
        |                       ^^^^^
       help: its keys are `lab`, `localstack` and `aws`

    s.yaml:19:16: no drill is named `open-inbound-prot`
     19 | default_drill: open-inbound-prot
        |                ^^^^^^^^^^^^^^^^^
       help: did you mean `open-inbound-port`?

    s.yaml:23:46: `protocol` cannot be `tcpp`
     23 |     action: { open_inbound_port: { protocol: tcpp, port: 99999, source: 203.0.113.7 } }
        |                                              ^^^^
       help: did you mean `tcp`?

    s.yaml:23:58: `99999` is not a port: ports go from 0 to 65535
     23 |     action: { open_inbound_port: { protocol: tcpp, port: 99999, source: 203.0.113.7 } }
        |                                                          ^^^^^
       help: write `22`, `8000-8080` or `all`

    s.yaml:23:73: `203.0.113.7` is not an address range: it has no prefix length
     23 |     action: { open_inbound_port: { protocol: tcpp, port: 99999, source: 203.0.113.7 } }
        |                                                                         ^^^^^^^^^^^
       help: write `203.0.113.7/32` for this one address

    s.yaml:24:36: item 2 of `at` cannot be `slack`
     24 |     expect: { alert: { at: [queue, slack], within: soon } }
        |                                    ^^^^^
       help: it is one of `api`, `trail`, `bus`, `rule`, `topic`, `queue`, `function`, `discord` and `mail`

    s.yaml:24:52: `soon` is not a length of time: it has no number
     24 |     expect: { alert: { at: [queue, slack], within: soon } }
        |                                                    ^^^^
       help: write a whole number and a unit, such as `500ms`, `5s` or `2m`

    s.yaml:25:11: two drills are named `open-inbound-port`
     25 |   - name: open-inbound-port
        |           ^^^^^^^^^^^^^^^^^
       help: give each drill a name of its own

    s.yaml:28:39: `alert` and `silence` stand together, and a drill has one of them
     28 |     expect: { alert: { at: [queue] }, silence: { for: 1s } }
        |                                       ^^^^^^^
       help: make two drills of it, or remove one

    s.yaml:29:15: `required` is either true or false, not `no`
     29 |     required: no
        |               ^^
       help: write `false`

    s.yaml: 32 mistakes
    "#);
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
        small_with(
            open,
            "edit_inbound_rule:
        from: { protocol: tcp, port: 22, source: ::/0 }
        to: { protocol: tcp, port: 22, source: ::/0 }",
        ),
        small_with(&format!("    expect:\n      {alert}"), "    expect:"),
        small_with(alert, "alert: { at: queue }"),
        small_with(alert, "alert: { at: [] }"),
        small_with(&format!("{alert}\n"), &format!("{alert}\n    required: false\n")),
    ]
    .iter()
    .map(|text| mistakes(text))
    .collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    s.yaml:22:7: `open_port` is not an action
     22 |       open_port: { port: 22 }
        |       ^^^^^^^^^
       help: it is one of `open_inbound_port`, `close_inbound_port`, `open_outbound_port`, `close_outbound_port`, `edit_inbound_rule`, `delete_group` and `describe_groups`

    s.yaml: 1 mistake
    s.yaml:21:13: an action is written as a key with its settings
     21 |     action: describe_groups
        |             ^^^^^^^^^^^^^^^
       help: write `action: { describe_groups: {} }`, with its settings between the inner braces

    s.yaml: 1 mistake
    s.yaml:22:28: `port` is missing: the protocol `tcp` needs one
     22 |       open_inbound_port: { protocol: tcp, source: 203.0.113.0/24 }
        |                            ^^^^^^^^
       help: write `port: 22`, `port: 8000-8080` or `port: all`

    s.yaml: 1 mistake
    s.yaml:22:49: the protocol `all` has no ports: EC2 would open all of them, whatever is written
     22 |       open_inbound_port: { protocol: all, port: 22, source: 0.0.0.0/0 }
        |                                                 ^^
       help: take `port` out, or name the protocol

    s.yaml: 1 mistake
    s.yaml:22:50: `90-80` is the wrong way round
     22 |       open_outbound_port: { protocol: udp, port: 90-80, source: '::/0' }
        |                                                  ^^^^^
       help: write `80-90`

    s.yaml:22:57: an outbound rule has no key `source`
     22 |       open_outbound_port: { protocol: udp, port: 90-80, source: '::/0' }
        |                                                         ^^^^^^
       help: did you mean `destination`?

    s.yaml: 2 mistakes
    s.yaml:22:7: `from` and `to` are the same, so nothing is edited
     22 |       edit_inbound_rule:
        |       ^^^^^^^^^^^^^^^^^
       help: change one of them

    s.yaml: 1 mistake
    s.yaml:23:5: an expectation is missing
     23 |     expect:
        |     ^^^^^^
       help: it is one of `alert` and `silence`

    s.yaml: 1 mistake
    s.yaml:24:20: `at` is a list, and `queue` stands here
     24 |       alert: { at: queue }
        |                    ^^^^^
       help: begin every item with `- `, or write `[one, two]`

    s.yaml: 1 mistake
    s.yaml:24:16: `at` is an empty list
     24 |       alert: { at: [] }
        |                ^^

    s.yaml: 1 mistake
    s.yaml:25:15: a drill that is not required needs a `reason`
     25 |     required: false
        |               ^^^^^
       help: say why it may fail: `reason: { en: "Because ..." }`

    s.yaml: 1 mistake
    "#);
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
    insta::assert_snapshot!(all.join("\n"), @r#"
    s.yaml:2:1: a tab indents this line, and YAML takes only spaces
     2 |  title: b
       | ^
       help: replace the tab with spaces

    s.yaml:3:1: a tab indents this line, and YAML takes only spaces
     3 |   ko: c
       | ^
       help: replace the tab with spaces

    s.yaml: 2 mistakes
    s.yaml:1:7: a quotation mark is opened here and never closed
     1 | name: "never closed
       |       ^
       help: close it on the same line

    s.yaml: 1 mistake
    s.yaml:2:5: this `:` does not belong here
     2 | name: a
       |     ^
       help: look for a text with `: ` in it that needs quotes, a line that is indented more than its neighbours, or a `:` or a closing bracket that is missing in the line before

    s.yaml: 1 mistake
    s.yaml:1:8: this `:` does not belong here
     1 | name: a: b
       |        ^
       help: look for a text with `: ` in it that needs quotes, a line that is indented more than its neighbours, or a `:` or a closing bracket that is missing in the line before

    s.yaml: 1 mistake
    s.yaml:2:7: this `:` does not belong here
     2 | region: b
       |       ^
       help: look for a text with `: ` in it that needs quotes, a line that is indented more than its neighbours, or a `:` or a closing bracket that is missing in the line before

    s.yaml: 1 mistake
    s.yaml:2:9: this `:` does not belong here
     2 |   region: b
       |         ^
       help: look for a text with `: ` in it that needs quotes, a line that is indented more than its neighbours, or a `:` or a closing bracket that is missing in the line before

    s.yaml: 1 mistake
    s.yaml:1:7: a value cannot begin with `@`
     1 | name: @here
       |       ^
       help: put the value in quotes

    s.yaml: 1 mistake
    s.yaml:1:1: `name` uses an anchor (`&` or `*`), which is not taken here
     1 | name: *other
       | ^^^^
       help: write the value out, or put it in quotes if it begins with `*` or `&`

    s.yaml:1:1: `title`, `region`, `pipeline`, `default_drill` and `drills` are missing: a scenario needs them
     1 | name: *other
       | ^^^^

    s.yaml: 2 mistakes
    s.yaml:1:1: `name` uses an anchor (`&` or `*`), which is not taken here
     1 | name: &n x
       | ^^^^
       help: write the value out, or put it in quotes if it begins with `*` or `&`

    s.yaml:1:1: `title`, `pipeline`, `default_drill` and `drills` are missing: a scenario needs them
     1 | name: &n x
       | ^^^^

    s.yaml:2:1: `region` has a tag (`!`), which is not taken here
     2 | region: !secret y
       | ^^^^^^
       help: put the value in quotes if it begins with `!`

    s.yaml:2:17: `y` is not a Region: a Region has an area, a direction and a number
     2 | region: !secret y
       |                 ^
       help: write it like `ap-northeast-2`

    s.yaml: 4 mistakes
    s.yaml:1:1: `title`, `pipeline`, `default_drill` and `drills` are missing: a scenario needs them
     1 | name: a
       | ^^^^

    s.yaml:2:9: `b` is not a Region: a Region has an area, a direction and a number
     2 | region: b
       |         ^
       help: write it like `ap-northeast-2`

    s.yaml:3:1: `name` is written twice: it stands in line 1 already
     3 | name: c
       | ^^^^
       help: keep one of the two

    s.yaml: 3 mistakes
    s.yaml:2:1: a second document begins here
     2 | ---
       | ^^^
       help: keep one document in a file, without `---` after it

    s.yaml: 1 mistake
    s.yaml:1:1: the file is empty
       help: begin with `name:`; the shipped scenario shows the rest

    s.yaml: 1 mistake
    s.yaml:1:1: the file is empty
     1 | # only a comment
       | ^
       help: begin with `name:`; the shipped scenario shows the rest

    s.yaml: 1 mistake
    s.yaml:1:1: a scenario is written with keys and values, and a list stands here
     1 | - a
       | ^

    s.yaml: 1 mistake
    s.yaml:1:1: a scenario is written with keys and values, and `just words` stands here
     1 | just words
       | ^^^^^^^^^^

    s.yaml: 1 mistake
    "#);
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
        wrong("{\n  \"source\": \"aws.ec2\"\n}"),
        wrong("{\n  \"detail\": { \"eventName\": [{ \"prefx\": \"Authorize\" }] }\n}"),
        wrong("{}"),
        wrong(""),
        wrong(Box::leak(format!("{{\"source\": [\"{}\"]}}", "a".repeat(4096)).into_boxed_str())),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    event-pattern.json:3:1: this is not JSON: trailing comma
     3 | }
       | ^
       help: remove the comma before the closing bracket

    s.yaml: 1 mistake
    event-pattern.json:2:3: this is not JSON: key must be a string
     2 |   // why
       |   ^
       help: JSON has no comments

    s.yaml: 1 mistake
    event-pattern.json:1:23: this is not JSON: the file ends too early
     1 | { "source": ["aws.ec2"]
       |                       ^
       help: close every bracket and every quotation mark

    s.yaml: 1 mistake
    event-pattern.json:1:1: an event pattern is a JSON object
     1 | ["aws.ec2"]
       | ^^^^^^^^^^^
       help: begin with `{` and a key such as `"source"`

    s.yaml: 1 mistake
    event-pattern.json:2:3: EventBridge refuses this event pattern: "source" must be an object or an array
     2 |   "source": "aws.ec2"
       |   ^^^^^^^^

    s.yaml: 1 mistake
    event-pattern.json:2:15: EventBridge refuses this event pattern: Unrecognized match type prefx
     2 |   "detail": { "eventName": [{ "prefx": "Authorize" }] }
       |               ^^^^^^^^^^^

    s.yaml: 1 mistake
    event-pattern.json:1:1: EventBridge refuses this event pattern: Empty objects are not allowed
     1 | {}
       | ^

    s.yaml: 1 mistake
    event-pattern.json:1:1: this is not JSON: the file ends too early
       help: close every bracket and every quotation mark

    s.yaml: 1 mistake
    event-pattern.json:1:1: this event pattern has 4112 characters
     1 | {"source": ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
       | ^
       help: EventBridge takes at most 4096 (PutRule)

    s.yaml: 1 mistake
    "#);
}

#[test]
fn carets_stand_under_hangul_in_both_forms() {
    let text = small_with("title: { en: Small, ko: 작은 시나리오 }", "title: { en: 작은 시나리오, 한국어: 작은 }");
    let invalid = Scenario::parse("s.yaml", &text, &Shipped).unwrap_err();
    insta::assert_snapshot!(invalid, @r#"
    s.yaml:2:23: a text has no key `한국어`
     2 | title: { en: 작은 시나리오, 한국어: 작은 }
       |                             ^^^^^^
       help: its keys are `en` and `ko`

    s.yaml: 1 mistake
    "#);
    insta::assert_snapshot!(invalid.fancy(100, false), @r#"
      × a text has no key `한국어`
       ╭─[s.yaml:2:23]
     1 │ name: small
     2 │ title: { en: 작은 시나리오, 한국어: 작은 }
       ·                             ──────
     3 │ region: ap-northeast-2
       ╰────
      help: its keys are `en` and `ko`

    s.yaml: 1 mistake
    "#);
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
    insta::assert_snapshot!(format!("{}\n\n{}", lint(&look), lint(&silent)), @r#"
    s.yaml: no drill is required, so a run can never fail
       help: leave `required: false` out of one of them

    s.yaml:21:5: `open` expects an alert, and the event pattern does not name `DescribeSecurityGroups`
     21 |     action:
        |     ^^^^^^
       help: add the name to `detail.eventName` in the event pattern, or expect silence

    s.yaml:23:5: `open` gives an alert less time on `aws` than it usually takes
     23 |     expect:
        |     ^^^^^^
       help: an alert takes 10 to 90 seconds there, and much longer on a new trail

    small: 1 drill, 0 required, 1 advisory

    s.yaml:21:5: `open` expects silence, and the event pattern names `AuthorizeSecurityGroupIngress`
     21 |     action:
        |     ^^^^^^
       help: expect an alert, or take the name out of the event pattern

    s.yaml:23:5: `open` listens for less than 100 ms on `lab`, which shows nothing
     23 |     expect:
        |     ^^^^^^
       help: an alert must have had the time to arrive

    s.yaml:25:5: `open` is required, so nobody reads its `reason`
     25 |     reason: { en: Why }
        |     ^^^^^^
       help: add `required: false`, or remove the reason

    small: 1 drill, 1 required, 0 advisory
    "#);
    assert_eq!(lint(SMALL), "small: 1 drill, 1 required, 0 advisory");
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
    insta::assert_snapshot!(all, @r#"
    FOLDER/nowhere: there is no such file or folder
       help: name a scenario's folder, or its YAML file

    FOLDER/nowhere: 1 mistake
    FOLDER/scenario.yaml: there is no such file in the folder
       help: a scenario's folder has a `scenario.yaml`; name the file if it is called otherwise

    FOLDER/scenario.yaml: 1 mistake
    FOLDER/scenario.yaml:2:8: this is not UTF-8 text
     2 | title: ��
       |        ^
       help: save the file as UTF-8 (Korean Windows editors often save CP949)

    FOLDER/scenario.yaml: 1 mistake
    FOLDER/scenario.yaml: it is larger than 1000000 bytes, which no scenario is

    FOLDER/scenario.yaml: 1 mistake
    "#);
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

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let shipped = Scenario::parse("s.yaml", &windows(files::SHIPPED_TEXT), &Shipped).unwrap();
    assert_eq!(shipped, Scenario::shipped());
    let wrong = small_with("name: small\n", "name: Small\n").replace("region: ap-northeast-2", "region: seoul");
    assert_eq!(mistakes(&windows(&wrong)), mistakes(&wrong), "places are the same");
}

/// Whatever is lost, what is left is refused with a place, or is a scenario.
#[test]
fn no_damaged_file_is_the_end_of_the_program() {
    let text = files::SHIPPED_TEXT;
    let lines: Vec<&str> = text.lines().collect();
    for damaged in 0..lines.len() {
        let half: String = lines[damaged].chars().take(lines[damaged].chars().count() / 2).collect();
        let (before, after) = (&lines[..damaged], &lines[damaged + 1..]);
        let text = match damaged % 3 {
            0 => [before, after].concat().join("\n"),
            1 => [before, &[half.as_str()], after].concat().join("\n"),
            _ => [before, &[half.as_str()]].concat().join("\n"),
        };
        if let Err(invalid) = Scenario::parse("s.yaml", &text, &Shipped) {
            assert!(!invalid.mistakes.is_empty() && invalid.mistakes.iter().all(|mistake| mistake.place.is_some()));
            assert!(invalid.to_string().contains("s.yaml:"));
        }
    }
}
