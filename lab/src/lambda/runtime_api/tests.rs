use std::time::Duration;

use serde_json::{Value, json};

use super::*;

struct Runtime {
    api: RuntimeApi,
    client: reqwest::Client,
}

impl Runtime {
    async fn start() -> Self {
        Self { api: RuntimeApi::serve().await.unwrap(), client: reqwest::Client::new() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.api.address())
    }

    fn runtime_url(&self, path: &str) -> String {
        self.url(&format!("/2018-06-01/runtime{path}"))
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.runtime_url(path)).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let response = self.client.post(self.runtime_url(path)).body(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn take_invocation(&mut self) -> reqwest::Response {
        self.api.send(Invocation {
            request_id: "r-1".into(),
            payload: Bytes::from_static(b"{\"a\":1}"),
            deadline: SystemTime::UNIX_EPOCH + Duration::from_millis(1_542_409_706_888),
            function_arn: "arn:aws:lambda:ap-northeast-2:123456789012:function:f".into(),
            trace_id: "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1".into(),
            client_context: Some("{\"custom\":{}}".into()),
        });
        let response = self.get("/invocation/next").await;
        assert!(matches!(self.api.event().await, RuntimeEvent::Ready));
        response
    }
}

#[tokio::test]
async fn an_event_comes_with_aws_s_headers_and_its_answer_is_accepted() {
    let mut runtime = Runtime::start().await;
    let response = runtime.take_invocation().await;
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("Lambda-Runtime-Aws-Request-Id"), "r-1");
    assert_eq!(header("Lambda-Runtime-Deadline-Ms"), "1542409706888");
    assert_eq!(header("Lambda-Runtime-Invoked-Function-Arn"), "arn:aws:lambda:ap-northeast-2:123456789012:function:f");
    assert!(header("Lambda-Runtime-Trace-Id").starts_with("Root=1-"));
    assert_eq!(header("Lambda-Runtime-Client-Context"), "{\"custom\":{}}");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(response.bytes().await.unwrap(), "{\"a\":1}");
    assert_eq!(runtime.post("/invocation/r-1/response", "\"ok\"").await, (202, json!({"status": "OK"})));
    assert!(matches!(runtime.api.event().await, RuntimeEvent::Response(body, _) if body == "\"ok\""));
}

#[tokio::test]
async fn what_the_runtime_may_not_do_is_refused_as_aws_refuses_it() {
    let mut runtime = Runtime::start().await;
    let (status, body) = runtime.post("/invocation/r-1/response", "").await;
    assert_eq!((status, &body["errorType"]), (403, &json!("InvalidStateTransition")));
    runtime.take_invocation().await;
    let invalid = (400, json!({"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}));
    assert_eq!(runtime.post("/invocation/r-2/response", "").await, invalid);
    assert_eq!(runtime.get("/invocation/next").await.status(), 403);
    assert_eq!(runtime.post("/init/error", "").await.0, 403);
    assert_eq!(runtime.post("/invocation/r-1/error", "{}").await.0, 202);
    assert_eq!(runtime.post("/invocation/r-1/response", "").await, invalid, "a second answer is taken");
}

#[tokio::test]
async fn a_response_over_six_megabytes_is_refused_and_reported() {
    let mut runtime = Runtime::start().await;
    runtime.take_invocation().await;
    let (status, body) = runtime.post("/invocation/r-1/response", vec![b'x'; 7_000_000]).await;
    assert_eq!((status, &body["errorType"]), (413, &json!("RequestEntityTooLarge")));
    let RuntimeEvent::ResponseTooLarge(message) = runtime.api.event().await else { panic!("no event") };
    assert_eq!(message, "Response payload size exceeded maximum allowed payload size (6291556 bytes).");
}

#[tokio::test]
async fn an_error_keeps_its_type_and_document() {
    let mut runtime = Runtime::start().await;
    let document = r#"{"errorType":"NameError","errorMessage":"name 'os' is not defined","stackTrace":[]}"#;
    let request = runtime.client.post(runtime.runtime_url("/init/error")).header(ERROR_TYPE, "Runtime.Bad");
    assert_eq!(request.body(document).send().await.unwrap().status(), 202);
    let RuntimeEvent::InitError(ReportedError { error_type, payload, .. }) = runtime.api.event().await else {
        panic!("no event")
    };
    assert_eq!((error_type.as_str(), payload.as_ref()), ("Runtime.Bad", document.as_bytes()));
    assert_eq!(runtime.get("/invocation/next").await.status(), 403);
}

#[tokio::test]
async fn extensions_are_refused_by_name() {
    let runtime = Runtime::start().await;
    let response = runtime.client.post(runtime.url("/2020-01-01/extension/register")).send().await.unwrap();
    assert_eq!(response.status(), 501);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["errorType"], "NotImplemented");
    assert!(body["errorMessage"].as_str().unwrap().ends_with("/2020-01-01/extension/register"), "{body}");
}

/// A streamed response, written by hand: the client of these tests sends no trailers.
async fn stream(runtime: &Runtime, trailers: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut connection = tokio::net::TcpStream::connect(runtime.api.address()).await.unwrap();
    let request = format!(
        "POST /2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         {RESPONSE_MODE}: streaming\r\nTrailer: {ERROR_TYPE}, Lambda-Runtime-Function-Error-Body\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\n\"ab\r\n3\r\ncd\"\r\n0\r\n{trailers}\r\n"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_streamed_response_is_put_together_and_may_fail_at_its_end() {
    let mut runtime = Runtime::start().await;
    runtime.take_invocation().await;
    assert!(stream(&runtime, "").await.starts_with("HTTP/1.1 202"));
    assert!(matches!(runtime.api.event().await, RuntimeEvent::Response(body, _) if body == "\"abcd\""));

    runtime.take_invocation().await;
    let trailers = format!("{ERROR_TYPE}: Runtime.StreamError\r\nLambda-Runtime-Function-Error-Body: e30=\r\n");
    assert!(stream(&runtime, &trailers).await.starts_with("HTTP/1.1 202"));
    let RuntimeEvent::Error(ReportedError { error_type, payload, .. }) = runtime.api.event().await else {
        panic!("no error")
    };
    assert_eq!((error_type.as_str(), payload.as_ref()), ("Runtime.StreamError", b"{}".as_slice()));
}
