//! The policy that `permissions` prints, against the calls that runs make.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use alert_drill::DiscordWatch;
use alert_drill::lab::Lab;
use alert_drill::lab::faults::Faults;
use alert_drill::permissions::{Permissions, Use};
use alert_drill::scenario::Scenario;
use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder as HttpClient;
use aws_types::region::Region;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::matrix::iam;
use crate::support::{Ended, Folder, command, finish, run};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "ap-northeast-2";

/// Hands every request on to a lab, and notes which call it is.
pub(crate) struct Proxy {
    pub(crate) url: String,
    calls: Arc<Mutex<BTreeSet<String>>>,
}

impl Proxy {
    pub(crate) async fn start(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(BTreeSet::new()));
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let noted = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (client, upstream, noted) = (client.clone(), upstream.clone(), Arc::clone(&noted));
                let service =
                    service_fn(move |request| hand_on(client.clone(), upstream.clone(), Arc::clone(&noted), request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { url, calls }
    }

    pub(crate) fn calls(&self) -> BTreeSet<String> {
        self.calls.lock().unwrap().clone()
    }
}

async fn hand_on(
    client: reqwest::Client,
    upstream: String,
    noted: Arc<Mutex<BTreeSet<String>>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = head.uri.path_and_query().unwrap().as_str().to_owned();
    if let Some(call) = call(&head.method, &path, &head.headers, &body) {
        noted.lock().unwrap().insert(call);
    }
    for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    let sent = client.request(head.method, format!("{upstream}{path}")).headers(head.headers).body(body).send().await;
    let mut answer = Response::new(Full::default());
    match sent {
        Ok(mut got) => {
            *answer.status_mut() = got.status();
            std::mem::swap(answer.headers_mut(), got.headers_mut());
            answer.headers_mut().remove(header::TRANSFER_ENCODING);
            *answer.body_mut() = got.bytes().await.unwrap_or_default().into();
        }
        Err(_) => *answer.status_mut() = hyper::StatusCode::BAD_GATEWAY,
    }
    Ok(answer)
}

/// Service and operation of a signed request, in the form of an action; none of the lab's own pages.
fn call(method: &hyper::Method, path: &str, headers: &hyper::HeaderMap, body: &[u8]) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // …Credential=KEY/DATE/REGION/SERVICE/aws4_request
    let service = text("authorization").split('/').nth(3)?.to_owned();
    let operation = match service.as_str() {
        "s3" => s3(method, path).to_owned(),
        "lambda" => lambda(method, path).to_owned(),
        _ => match text("x-amz-target").rsplit_once('.') {
            Some((_, operation)) => operation.to_owned(),
            None => {
                let form = String::from_utf8_lossy(body);
                form.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or("?").to_owned()
            }
        },
    };
    Some(format!("{service}:{operation}"))
}

fn s3(method: &hyper::Method, path: &str) -> &'static str {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = path.trim_matches('/');
    let is_key = path.contains('/');
    match (method.as_str(), path.is_empty(), is_key) {
        ("GET", true, _) => "ListBuckets",
        ("GET", false, false) if query.contains("list-type=2") => "ListObjectsV2",
        ("PUT", false, false) if query.contains("policy") => "PutBucketPolicy",
        ("PUT", false, false) => "CreateBucket",
        ("DELETE", false, false) => "DeleteBucket",
        ("DELETE", false, true) => "DeleteObject",
        _ => panic!("which call of S3 is {method} {path}?{query}"),
    }
}

fn lambda(method: &hyper::Method, path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(2).collect();
    match (method.as_str(), parts.as_slice()) {
        ("POST", []) => "CreateFunction",
        ("GET", [_]) => "GetFunction",
        ("DELETE", [_]) => "DeleteFunction",
        ("GET", [_, "configuration"]) => "GetFunctionConfiguration",
        ("PUT", [_, "configuration"]) => "UpdateFunctionConfiguration",
        ("POST", [_, "url"]) => "CreateFunctionUrlConfig",
        ("DELETE", [_, "url"]) => "DeleteFunctionUrlConfig",
        ("GET", [_, "policy"]) => "GetPolicy",
        ("POST", [_, "policy"]) => "AddPermission",
        ("GET", [_, "concurrency"]) => "GetFunctionConcurrency",
        _ => panic!("which call of Lambda is {method} {path}?"),
    }
}

/// The binary, as the account's user.
pub(crate) async fn by_account(arguments: &[&str]) -> Ended {
    let mut run = command(arguments);
    run.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "test");
    tokio::task::spawn_blocking(|| finish(run)).await.unwrap()
}

pub(crate) fn permissions(scenario: &Scenario, r#use: Use, discord: DiscordWatch) -> Permissions<'_> {
    Permissions { scenario, r#use, discord, account: ACCOUNT, region: REGION, group: None }
}

/// Both directions: every call is in the table, and the table has none that was not made.
#[track_caller]
pub(crate) fn assert_same(r#use: Use, discord: DiscordWatch, made: &BTreeSet<String>) {
    let scenario = Scenario::shipped();
    let (always, sometimes) = permissions(&scenario, r#use, discord).calls();
    let unlisted: Vec<_> =
        made.iter().filter(|call| !always.contains(call.as_str()) && !sometimes.contains(call.as_str())).collect();
    let unmade: Vec<_> = always.iter().filter(|call| !made.contains(**call)).collect();
    assert!(
        unlisted.is_empty() && unmade.is_empty(),
        "made and not in the table: {unlisted:?}; in the table and not made: {unmade:?}"
    );
}

pub(crate) fn document(arguments: &[&str]) -> Value {
    let ended = run(arguments);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_a_run_that_builds_its_pipeline_are_those_of_the_table() {
    let lab = Lab::start().await.unwrap();
    let proxy = Proxy::start(lab.endpoint_url()).await;
    let ended = by_account(&["--all", "--endpoint-url", &proxy.url]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_same(Use::Provision, DiscordWatch::Mock, &proxy.calls());
    lab.stop().await;
}

/// A pipeline that stands in a lab, with the group `securitygroup-test` that nobody holds and nothing is open on; and its id.
pub(crate) async fn standing(lab: &Lab) -> String {
    let built = by_account(&["--keep", "--endpoint-url", &lab.endpoint_url()]).await;
    assert_eq!(built.code, Some(6), "it is kept: {}", built.stderr);
    let ec2 = ec2(lab);
    let groups = ec2.describe_security_groups().group_names("securitygroup-test").send().await.unwrap();
    let group = &groups.security_groups()[0];
    let lease = group.tags().iter().find(|tag| tag.key().unwrap().starts_with("alert-drill:lease:")).unwrap();
    let id = group.group_id().unwrap().to_owned();
    ec2.delete_tags().resources(&id).tags(lease.clone()).send().await.unwrap();
    let open = group.ip_permissions().to_vec();
    ec2.revoke_security_group_ingress().group_id(&id).set_ip_permissions(Some(open)).send().await.unwrap();
    id
}

fn ec2(lab: &Lab) -> aws_sdk_ec2::Client {
    let config = aws_sdk_ec2::Config::builder()
        .behavior_version_latest()
        .region(Region::new(REGION))
        .endpoint_url(lab.endpoint_url())
        .credentials_provider(Credentials::from_keys(ACCOUNT, "test", None))
        .http_client(HttpClient::new().build_http());
    aws_sdk_ec2::Client::from_conf(config.build())
}

/// What a run in an account is told, and the shipped scenario with a silence of a second: in an account it is watched for two
/// minutes.
pub(crate) fn in_account(folder: &Folder, endpoint: &str) -> Vec<String> {
    let scenario = folder.scenario("scenario.yaml", |text| text.replace("aws: 2m", "aws: 1s"));
    // The function's package is this very binary's: an account gets a file.
    let play = format!("#!/bin/sh\nALERT_DRILL_ENTER=notifier exec '{}'\n", env!("CARGO_BIN_EXE_alert-drill"));
    let (journal, notifier) = (folder.text("journal"), folder.write("bootstrap", play));
    let where_to = ["--target", "aws", "--region", REGION, "--endpoint-url", endpoint];
    let options = ["--all", "--journal", &journal, "--notifier", &notifier];
    std::iter::once(scenario).chain(where_to.into_iter().chain(options).map(str::to_owned)).collect()
}

/// The binary, told these things.
pub(crate) async fn told(arguments: &[String], more: &[&str]) -> Ended {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    by_account(&arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_drills_on_a_pipeline_that_stands_are_those_of_the_table() {
    let lab = Lab::start().await.unwrap();
    standing(&lab).await;
    let proxy = Proxy::start(lab.endpoint_url()).await;
    let folder = Folder::new();
    let ended = told(&in_account(&folder, &proxy.url), &["--adopt", "--account", ACCOUNT]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_same(Use::Adopt, DiscordWatch::Mock, &proxy.calls());
    lab.stop().await;
}

/// On an emulator, the drills of a check open a group of their own: it calls nothing that neither kind of run calls.
#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_a_check_with_drills_are_in_the_table() {
    let lab = Lab::start().await.unwrap();
    standing(&lab).await;
    let proxy = Proxy::start(lab.endpoint_url()).await;
    let ended = by_account(&["check", "--live", "--all", "--no-invoke", "--endpoint-url", &proxy.url]).await;
    // The mail of the pipeline is not confirmed, which is what a check is there for; the drills ran.
    assert!(matches!(ended.code, Some(0 | 1)), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("✓ open-inbound-port"), "{}", ended.stdout);
    let scenario = Scenario::shipped();
    let listed: BTreeSet<&str> = [Use::Adopt, Use::Provision]
        .map(|r#use| permissions(&scenario, r#use, DiscordWatch::Mock).calls())
        .into_iter()
        .flat_map(|(always, sometimes)| always.into_iter().chain(sometimes))
        .collect();
    let unlisted: Vec<_> = proxy.calls().into_iter().filter(|call| !listed.contains(call.as_str())).collect();
    assert!(unlisted.is_empty(), "made and not in the table: {unlisted:?}");
    lab.stop().await;
}

/// In an account, a run looks at what stands before it builds.
#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_a_run_in_an_account_are_those_of_the_table() {
    let lab = Lab::start().await.unwrap();
    let proxy = Proxy::start(lab.endpoint_url()).await;
    let folder = Folder::new();
    let ended = told(&in_account(&folder, &proxy.url), &["--account", ACCOUNT]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_same(Use::Provision, DiscordWatch::Mock, &proxy.calls());
    lab.stop().await;
}

/// A role that whoever wants may take on, and that may do nothing yet.
pub(crate) async fn role(lab: &Lab) -> String {
    let trust =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}"#;
    let made = iam(lab, ACCOUNT).create_role().role_name("alert-drill").assume_role_policy_document(trust).send().await;
    made.unwrap().role().unwrap().arn().to_owned()
}

/// Lets the role do this, and nothing else.
pub(crate) async fn allow(lab: &Lab, policy: &Value) {
    let put = iam(lab, ACCOUNT).put_role_policy().role_name("alert-drill").policy_name("drill");
    put.policy_document(policy.to_string()).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_the_policy_and_nothing_else_is_enough() {
    let lab = Lab::builder().enforce_iam(true).start().await.unwrap();
    let policy = document(&["permissions", "--provision", "--account", ACCOUNT]);
    let role = role(&lab).await;
    let put = async |policy: &Value| allow(&lab, policy).await;
    put(&policy).await;
    let endpoint = lab.endpoint_url();
    let arguments = ["--all", "--endpoint-url", endpoint.as_str(), "--role-arn", role.as_str()];
    let ended = by_account(&arguments).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(!ended.stdout.contains("not authorized"), "{}", ended.stdout);
    // That the lab holds the role to it: without one action it is not.
    let less = policy.to_string().replace("\"sns:CreateTopic\",", "");
    put(&serde_json::from_str(&less).unwrap()).await;
    let ended = by_account(&arguments).await;
    assert_eq!(ended.code, Some(5), "{}", ended.stdout);
    assert!(ended.stdout.contains("sns:CreateTopic"), "{}", ended.stdout);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_the_policy_drills_the_group_that_stands_and_no_other() {
    let lab = Lab::builder().enforce_iam(true).start().await.unwrap();
    let (group, role) = (standing(&lab).await, role(&lab).await);
    let folder = Folder::new();
    let arguments = in_account(&folder, &lab.endpoint_url());
    let run = async || told(&arguments, &["--adopt", "--role-arn", &role]).await;
    // The tag says that drills may open it.
    allow(&lab, &document(&["permissions", "--account", ACCOUNT])).await;
    let tagged = run().await;
    assert_eq!(tagged.code, Some(0), "{}{}", tagged.stdout, tagged.stderr);
    assert!(!tagged.stdout.contains("not authorized"), "{}", tagged.stdout);
    let tag = aws_sdk_ec2::types::Tag::builder().key("alert-drill:scenario").build();
    ec2(&lab).delete_tags().resources(&group).tags(tag).send().await.unwrap();
    let untagged = run().await;
    assert_eq!(untagged.code, Some(5), "{}{}", untagged.stdout, untagged.stderr);
    assert!(
        untagged.stdout.contains(&format!("ec2:CreateTags of {group}: UnauthorizedOperation")),
        "{}",
        untagged.stdout
    );
    // Its id says it too, and another group's does not.
    allow(&lab, &document(&["permissions", "--account", ACCOUNT, "--group", &group])).await;
    let named = run().await;
    assert_eq!(named.code, Some(0), "{}{}", named.stdout, named.stderr);
    allow(&lab, &document(&["permissions", "--account", ACCOUNT, "--group", "sg-0123456789abcdef0"])).await;
    assert_eq!(run().await.code, Some(5));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_the_policy_closes_a_port_that_it_does_not_know_to_have_opened() {
    let lab = Lab::builder().enforce_iam(true).start().await.unwrap();
    let (group, role) = (standing(&lab).await, role(&lab).await);
    allow(&lab, &document(&["permissions", "--account", ACCOUNT, "--group", &group])).await;
    let lost = r#"{"fault":"drop_answer","service":"ec2","operation":"AuthorizeSecurityGroupIngress","next":1}"#;
    lab.set_faults(&Faults::from_json(&format!(r#"{{"calls":[{lost}]}}"#)).unwrap()).unwrap();
    let folder = Folder::new();
    let ended = told(&in_account(&folder, &lab.endpoint_url()), &["--adopt", "--role-arn", &role]).await;
    // The SDK asked again, and there was such a rule by then: no verdict on that drill.
    assert!(ended.stdout.contains("InvalidPermission.Duplicate"), "{}{}", ended.stdout, ended.stderr);
    assert!(
        !ended.stdout.contains("not authorized") && ended.stdout.contains("everything removed"),
        "{}",
        ended.stdout
    );
    let groups = ec2(&lab).describe_security_groups().group_ids(&group).send().await.unwrap();
    assert_eq!(groups.security_groups()[0].ip_permissions(), []);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_an_account_is_made_by_a_role_of_that_account_alone() {
    let lab = Lab::builder().enforce_iam(true).start().await.unwrap();
    let role = role(&lab).await;
    allow(&lab, &document(&["permissions", "--provision", "--account", ACCOUNT])).await;
    let folder = Folder::new();
    let arguments = in_account(&folder, &lab.endpoint_url());
    let run = async |account: &str| {
        let mut run = command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        run.args(["--output", "json", "--role-arn", &role, "--account", account]);
        // Whose credentials these are has nothing to do with where the run is made.
        run.env("AWS_ACCESS_KEY_ID", "444455556666").env("AWS_SECRET_ACCESS_KEY", "test");
        tokio::task::spawn_blocking(|| finish(run)).await.unwrap()
    };
    let ended = run(ACCOUNT).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["target"]["account"], ACCOUNT);
    // CloudTrail says of each call which run made it.
    let caller = &report["drills"][0]["record"]["userIdentity"];
    let session = format!("assumed-role/alert-drill/alert-drill-{}", report["run_id"].as_str().unwrap());
    assert!(caller["arn"].as_str().unwrap().ends_with(&session), "{caller}");
    let other = run("444455556666").await;
    assert_eq!(other.code, Some(5), "{}", other.stdout);
    assert!(other.stderr.contains("are those of the account 111122223333, not of 444455556666"), "{}", other.stderr);
    lab.stop().await;
}

#[test]
fn the_policy_has_the_scenarios_names_and_no_more_than_the_table() {
    let scenario = Scenario::shipped();
    for (arguments, r#use) in [(&[][..], Use::Adopt), (&["--adopt"], Use::Adopt), (&["--provision"], Use::Provision)] {
        let policy = document(&[&["permissions", "--account", ACCOUNT], arguments].concat());
        let statements = policy["Statement"].as_array().unwrap();
        let listed =
            |name: &'static str| statements.iter().flat_map(move |statement| statement[name].as_array().unwrap());
        let actions: BTreeSet<&str> = listed("Action").map(|action| action.as_str().unwrap()).collect();
        assert_eq!(actions, permissions(&scenario, r#use, DiscordWatch::Mock).actions());
        assert!(actions.iter().all(|action| !action.contains('*')), "{actions:?}");
        // What changes something is narrowed: by name, by prefix, or by tag. A subscription has no resource in IAM.
        for statement in statements.iter().filter(|statement| statement["Resource"] == serde_json::json!(["*"])) {
            for action in statement["Action"].as_array().unwrap() {
                let (_, operation) = action.as_str().unwrap().split_once(':').unwrap();
                let reads = ["Describe", "List", "Get", "LookupEvents"].iter().any(|verb| operation.starts_with(verb));
                assert!(reads || operation == "Unsubscribe", "{action} on everything");
            }
        }
        let resources: Vec<&str> = listed("Resource").map(|resource| resource.as_str().unwrap()).collect();
        assert!(
            resources.contains(&"arn:aws:sns:ap-northeast-2:111122223333:sns-securitygroup-alarm"),
            "{resources:?}"
        );
    }
    let anywhere = document(&["permissions", "--provision", "--region", "us-east-1"]).to_string();
    assert!(anywhere.contains("arn:aws:events:us-east-1:*:rule/eventbridge-securitygroup-changerule"), "{anywhere}");
    // IAM's limit of a managed policy, which counts no white space.
    assert!(anywhere.len() <= 6144, "{} characters", anywhere.len());
}
