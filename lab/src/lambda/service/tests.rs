//! Lambda's API as clients meet it: through the gateway, with functions that are real processes (the bootstrap of
//! [`crate::lambda::tests`]).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::http::{Method, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::function_arn;
use crate::cloud::Cloud;
use crate::gateway;
use crate::gateway::call::Reply;
use crate::lambda::tests::{BOOTSTRAP, archive, eventually, is_gone, scratch_file};
use crate::scope::Scope;

mod aliases;
mod changes;
mod code;
mod destinations;
mod end;
mod functions;
mod invocations;
mod logging;
mod permissions;
mod qualifiers;
mod recorded;
mod refusals;
mod retries;
mod services;
mod urls;
mod versions;

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::111122223333:role/notifier";
const FUNCTIONS: &str = "/2015-03-31/functions";

/// A lab without its server, as one account sees it. Its processes end with its last client.
struct Client {
    cloud: Arc<Cloud>,
    running: Arc<Running>,
    account: &'static str,
    region: &'static str,
}

/// What [`Lab`](crate::Lab) does when it is dropped.
struct Running(Arc<Cloud>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lambda.kill_all();
    }
}

impl Client {
    /// A lab with a role that Lambda may assume.
    async fn new() -> Self {
        let cloud = Arc::<Cloud>::default();
        let running = Arc::new(Running(Arc::clone(&cloud)));
        let client = Self { cloud, running, account: ACCOUNT, region: "ap-northeast-2" };
        client.role("notifier", "lambda.amazonaws.com").await;
        client
            .allow("notifier", &["sqs:SendMessage", "sns:Publish", "lambda:InvokeFunction", "events:PutEvents"])
            .await;
        client
    }

    /// Lets a role do this on everything, and nothing else.
    async fn allow(&self, role: &str, actions: &[&str]) {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
        });
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "PutRolePolicy")
            .append_pair("Version", "2010-05-08")
            .append_pair("RoleName", role)
            .append_pair("PolicyName", "own")
            .append_pair("PolicyDocument", &policy.to_string())
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let reply = self.send("iam", Method::POST, "/", &headers, form).await;
        assert!(reply.status.is_success(), "{reply:?}");
    }

    /// The same lab as another account sees it.
    fn of(&self, account: &'static str) -> Self {
        Self { cloud: Arc::clone(&self.cloud), running: Arc::clone(&self.running), account, region: self.region }
    }

    fn scope(&self) -> Scope {
        Scope::new(self.account, self.region)
    }

    fn arn(&self, function: &str) -> String {
        function_arn(&self.scope(), function)
    }

    async fn send(&self, service: &str, method: Method, uri: &str, headers: &[(&str, &str)], body: String) -> Reply {
        let (account, region) = (self.account, self.region);
        let credential =
            format!("AWS4-HMAC-SHA256 Credential={account}/20261124/{region}/{service}/aws4_request, Signature=0");
        let mut request = Request::builder().method(method).uri(uri).header("authorization", credential);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = request.header("host", "127.0.0.1:4566").body(Bytes::from(body)).unwrap().into_parts();
        gateway::serve(&self.cloud, &parts, body, IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    async fn role(&self, name: &str, service: &str) {
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }],
        });
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "CreateRole")
            .append_pair("Version", "2010-05-08")
            .append_pair("RoleName", name)
            .append_pair("AssumeRolePolicyDocument", &trust.to_string())
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let reply = self.send("iam", Method::POST, "/", &headers, form).await;
        assert!(reply.status.is_success(), "{reply:?}");
    }

    /// A call without content is answered with null; a refusal is `STATUS Code: message`.
    async fn call(&self, method: Method, path: &str, input: Value) -> Result<Value, String> {
        let body = if input.is_null() { String::new() } else { input.to_string() };
        let reply = self.send("lambda", method, path, &[], body).await;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        match reply.status.is_success() {
            true => Ok(answer),
            false => Err(refusal(&reply)),
        }
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        self.call(Method::GET, &format!("{FUNCTIONS}{path}"), Value::Null).await
    }

    async fn post(&self, path: &str, input: Value) -> Result<Value, String> {
        self.call(Method::POST, &format!("{FUNCTIONS}{path}"), input).await
    }

    async fn put(&self, path: &str, input: Value) -> Result<Value, String> {
        self.call(Method::PUT, &format!("{FUNCTIONS}{path}"), input).await
    }

    async fn delete(&self, path: &str) -> Result<Value, String> {
        self.call(Method::DELETE, &format!("{FUNCTIONS}{path}"), Value::Null).await
    }

    /// Creates the function of [`function`] under this name.
    async fn create(&self, name: &str) -> Value {
        self.create_with(name, json!({})).await.unwrap()
    }

    /// Creates the function of [`function`] with other parameters; null takes one away.
    async fn create_with(&self, name: &str, changes: Value) -> Result<Value, String> {
        let mut input = function(name);
        for (parameter, value) in changes.as_object().unwrap() {
            input[parameter] = value.clone();
        }
        input.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.post("", input).await
    }

    /// New code, which differs by a variable that its process gets.
    async fn update(&self, name: &str, variable: &str) -> Value {
        let script = BOOTSTRAP.replace("exec", &format!("export CODE={variable}\nexec"));
        let input = json!({ "ZipFile": zip(&[("bootstrap", 0o755, &script)]) });
        self.put(&format!("/{name}/code"), input).await.unwrap()
    }

    async fn publish(&self, name: &str) -> Value {
        self.post(&format!("/{name}/versions"), json!({})).await.unwrap()
    }

    /// The code that the function's answer comes from; see [`Client::update`].
    async fn code(&self, name: &str) -> Value {
        self.answer(name, json!({})).await["environment"]["CODE"].clone()
    }

    async fn reserve(&self, name: &str, concurrency: u32) -> Result<Value, String> {
        let input = json!({ "ReservedConcurrentExecutions": concurrency });
        self.call(Method::PUT, &format!("/2017-10-31/functions/{name}/concurrency"), input).await
    }

    async fn invoke(&self, name: &str, headers: &[(&str, &str)], event: Value) -> Reply {
        let path = format!("{FUNCTIONS}/{name}/invocations");
        self.send("lambda", Method::POST, &path, headers, event.to_string()).await
    }

    /// The function's answer.
    async fn answer(&self, name: &str, event: Value) -> Value {
        let reply = self.invoke(name, &[], event).await;
        assert_eq!(header(&reply, "x-amz-function-error"), "", "{reply:?}");
        assert_eq!(reply.status, 200, "{reply:?}");
        serde_json::from_slice(&reply.body).unwrap()
    }

    fn metric(&self, name: &str, function: &str) -> f64 {
        self.cloud.metrics.total(&self.scope(), "AWS/Lambda", name, function)
    }
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn refusal(reply: &Reply) -> String {
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    let code = header(reply, "x-amzn-errortype");
    format!("{} {code}: {}", reply.status.as_u16(), answer["message"].as_str().unwrap())
}

/// The parameters of a function that does what its events say.
fn function(name: &str) -> Value {
    json!({
        "FunctionName": name,
        "Role": ROLE,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Timeout": 30,
        "Environment": environment(&[]),
        "Code": { "ZipFile": zip(&[("bootstrap", 0o755, BOOTSTRAP)]) },
    })
}

fn environment(more: &[(&str, &str)]) -> Value {
    let mut variables = json!({ "TEST_EXE": std::env::current_exe().unwrap() });
    for (name, value) in more {
        variables[*name] = (*value).into();
    }
    json!({ "Variables": variables })
}

fn zip(files: &[(&str, u32, &str)]) -> String {
    BASE64_STANDARD.encode(archive(files))
}
