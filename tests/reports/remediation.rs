//! A function that closes the port again, as a remediation does: the alarm works, and rings for the answer as well.

use crate::support::Folder;
use crate::{PATIENCE, Reports, python_scenario};

/// Closes what was opened, and posts. The call is an answer to the drill's alone, as a good remediation is careful to be.
const CLOSER: &str = r#"import json, os, urllib.parse, urllib.request

def call(url, data, headers):
    urllib.request.urlopen(urllib.request.Request(url, data=data, headers={"User-Agent": "closer/1.0", **headers}))

def lambda_handler(event, context):
    for record in event["Records"]:
        detail = json.loads(record["Sns"]["Message"])["detail"]
        if detail["eventName"] == "AuthorizeSecurityGroupIngress":
            rules = detail["responseElements"]["securityGroupRuleSet"]["items"]
            form = {"Action": "RevokeSecurityGroupIngress", "Version": "2016-11-15", "GroupId": rules[0]["groupId"]}
            form |= {f"SecurityGroupRuleId.{i + 1}": rule["securityGroupRuleId"] for i, rule in enumerate(rules)}
            scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/{os.environ['AWS_REGION']}/ec2/aws4_request"
            sign = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
            sign |= {"X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"]}
            call(os.environ["AWS_ENDPOINT_URL"], urllib.parse.urlencode(form).encode(), sign)
        text = {"content": f"{detail['eventName']} {detail['eventID']}"}
        call(os.environ["DISCORD_WEBHOOK_URL"], json.dumps(text).encode(), {"Content-Type": "application/json"})
"#;

#[test]
fn an_answer_that_rings_again_is_named_beside_the_pass() {
    let folder = Folder::new();
    let Some(scenario) = python_scenario(&folder, CLOSER, "Opening SSH") else { return };
    // Nobody waits for what comes after the last drill.
    let reports = Reports::of(&[&scenario, "--repeat", "3", "--timeout", PATIENCE]);
    assert_eq!(reports.ended.code, Some(0), "{}{}", reports.ended.stdout, reports.ended.stderr);
    let json = reports.json();
    let finding = &json["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&"REMEDIATION_ALERTS".into(), &"warning".into()), "{json:#}");
    let evidence = finding["evidence"][0].as_str().unwrap();
    assert!(evidence.starts_with("RevokeSecurityGroupIngress by arn:aws:sts::"), "{evidence}");
    assert!(evidence.contains("assumed-role/lambda-securitygroup-alarm"), "{evidence}");
    // Only the function is left out: whoever takes on its role is still heard of.
    let remedy = finding["remedy"].as_str().unwrap();
    assert!(remedy.starts_with("aws events put-rule --name ") && remedy.contains("anything-but"), "{remedy}");
    assert!(remedy.contains(":function:lambda-securitygroup-alarm") && !remedy.contains(":role/"), "{remedy}");
    for text in reports.texts().into_iter().filter(|text| !text.is_empty() && !text.contains("<testsuites")) {
        assert!(text.contains("REMEDIATION_ALERTS"), "{text}");
    }
}
