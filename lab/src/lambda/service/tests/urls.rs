//! Function URLs: who gets in, what the function sees, and what the caller gets.

use super::*;
use crate::deliveries::{Outcome, Reason};

const CONFIG: &str = "/2021-10-31/functions/alarm/url";

/// What a caller sends who is no AWS client.
struct Sent<'a> {
    method: Method,
    headers: &'a [(&'a str, &'a str)],
    body: &'a str,
}

impl Client {
    async fn url(&self, input: Value) -> String {
        let created = self.call(Method::POST, CONFIG, input).await.unwrap();
        created["FunctionUrl"].as_str().unwrap().to_owned()
    }

    /// The two statements that the console writes.
    async fn open(&self, auth_type: &str, principal: &str) {
        let url = json!({
            "StatementId": "url", "Action": "lambda:InvokeFunctionUrl", "Principal": principal,
            "FunctionUrlAuthType": auth_type,
        });
        let invoke = json!({
            "StatementId": "invoke", "Action": "lambda:InvokeFunction", "Principal": principal,
            "InvokedViaFunctionUrl": true,
        });
        for statement in [url, invoke] {
            self.post("/alarm/policy", statement).await.unwrap();
        }
    }

    /// A request to an address, without a signature.
    async fn request(&self, url: &str, sent: Sent<'_>) -> Reply {
        let (_, rest) = url.split_once("://").unwrap();
        let (host, path) = rest.split_at(rest.find('/').unwrap());
        let mut request = Request::builder().method(sent.method).uri(path).header("host", host);
        for (name, value) in sent.headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = request.body(Bytes::from(sent.body.to_owned())).unwrap().into_parts();
        gateway::serve(&self.cloud, &parts, body, IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    async fn post_json(&self, url: &str, body: Value) -> Reply {
        let headers = [("content-type", "application/json")];
        self.request(url, Sent { method: Method::POST, headers: &headers, body: &body.to_string() }).await
    }
}

/// A lab with a function whose URL is open to everyone.
async fn public() -> (Client, String) {
    let client = Client::new().await;
    client.create("alarm").await;
    let url = client.url(json!({ "AuthType": "NONE" })).await;
    client.open("NONE", "*").await;
    (client, url)
}

fn text(reply: &Reply) -> &str {
    std::str::from_utf8(&reply.body).unwrap()
}

#[tokio::test]
async fn a_webhook_s_post_reaches_the_function_and_its_answer_the_caller() {
    let (client, url) = public().await;
    let answer = json!({
        "statusCode": 201, "headers": { "X-Kind": "test" }, "cookies": ["a=1", "b=2"], "body": "{\"id\":\"1\"}",
    });
    let body = json!({ "do": "answer", "answer": answer, "content": "경보" });
    let reply = client.post_json(&format!("{url}?wait=true"), body).await;
    assert_eq!((reply.status.as_u16(), text(&reply)), (201, "{\"id\":\"1\"}"));
    assert_eq!((header(&reply, "x-kind"), header(&reply, "content-type")), ("test", "application/json"));
    assert_eq!(reply.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    assert_eq!(client.metric("Invocations", "alarm"), 1.0);
    assert_eq!(client.cloud.deliveries.all().last().unwrap().outcome, Outcome::Delivered);
}

#[tokio::test]
async fn the_event_has_payload_format_2() {
    let (client, url) = public().await;
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("user-agent", "test"),
        ("x-many", "1"),
        ("x-many", "2"),
        ("cookie", "a=1; b=2"),
    ];
    let sent = Sent { method: Method::PUT, headers: &headers, body: "{}" };
    let reply = client.request(&format!("{url}a/b%20c?x=1&x=2&y=%EA%B2%BD"), sent).await;
    let answer: Value = serde_json::from_str(text(&reply)).unwrap();
    let event = &answer["event"];
    assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("$default")));
    assert_eq!((&event["rawPath"], &event["rawQueryString"]), (&json!("/a/b%20c"), &json!("x=1&x=2&y=%EA%B2%BD")));
    assert_eq!(event["queryStringParameters"], json!({ "x": "1,2", "y": "경" }));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!((&event["headers"]["x-many"], event["headers"].get("cookie")), (&json!("1,2"), None));
    let id = url.trim_end_matches('/').rsplit('/').next().unwrap();
    let context = &event["requestContext"];
    assert_eq!((&context["accountId"], &context["apiId"]), (&json!("anonymous"), &json!(id)));
    assert_eq!(context["domainName"], json!(format!("{id}.lambda-url.ap-northeast-2.on.aws")));
    assert_eq!(
        context["http"],
        json!({ "method": "PUT", "path": "/a/b%20c", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test" })
    );
    assert_eq!(context["requestId"], json!(header(&reply, "x-amzn-requestid")));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let reply = client.request(&url, Sent { method: Method::POST, headers: &form, body: "a=1" }).await;
    let event = serde_json::from_str::<Value>(text(&reply)).unwrap()["event"].clone();
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("YT0x"), &json!(true)));
    let reply = client.request(&url, Sent { method: Method::GET, headers: &[], body: "" }).await;
    let event = serde_json::from_str::<Value>(text(&reply)).unwrap()["event"].clone();
    let absent = ["body", "cookies", "queryStringParameters"];
    assert!(absent.iter().all(|name| event.get(*name).is_none()) && event["rawPath"] == "/", "{event}");
}

#[tokio::test]
async fn results_without_a_status_are_the_body_and_wrong_ones_a_bad_gateway() {
    let (client, url) = public().await;
    for (answer, status, body) in [
        (json!({ "hello": "world" }), 200, "{\"hello\":\"world\"}"),
        (json!("hello"), 200, "hello"),
        (json!(["hello", 3]), 200, "[\"hello\",3]"),
        (json!({ "statusCode": "204" }), 204, ""),
        (json!({ "statusCode": 200, "body": "aGk=", "isBase64Encoded": true }), 200, "hi"),
        (json!({ "statusCode": 99 }), 502, "Internal Server Error"),
        (json!({ "statusCode": 200, "headers": { "a b": "c" } }), 502, "Internal Server Error"),
        (json!({ "statusCode": 200, "body": "%", "isBase64Encoded": true }), 502, "Internal Server Error"),
    ] {
        let reply = client.post_json(&url, json!({ "do": "answer", "answer": answer })).await;
        assert_eq!((reply.status.as_u16(), text(&reply)), (status, body), "{answer}");
    }
    let reply = client.post_json(&url, json!({ "do": "fail" })).await;
    assert_eq!((reply.status.as_u16(), text(&reply)), (502, "Internal Server Error"));
    let delivery = client.cloud.deliveries.all().pop().unwrap();
    assert_eq!((delivery.reason, delivery.detail.as_deref()), (Some(Reason::FunctionError), Some("ValueError: bad")));
    client.reserve("alarm", 0).await.unwrap();
    assert_eq!(client.post_json(&url, json!({})).await.status, 429);
}

#[tokio::test]
async fn auth_type_none_opens_nothing_by_itself_and_one_action_is_not_enough() {
    let client = Client::new().await;
    client.create("alarm").await;
    let url = client.url(json!({ "AuthType": "NONE" })).await;
    let forbidden = "{\"Message\":\"Forbidden. For troubleshooting Function URL authorization issues, see: \
                     https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html\"}";
    let reply = client.post_json(&url, json!({})).await;
    assert_eq!((reply.status.as_u16(), text(&reply)), (403, forbidden));
    let statement = json!({
        "StatementId": "url", "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE",
    });
    client.post("/alarm/policy", statement).await.unwrap();
    assert_eq!(client.post_json(&url, json!({})).await.status, 403, "lambda:InvokeFunction is missing");
    let delivery = client.cloud.deliveries.all().pop().unwrap();
    assert_eq!(delivery.reason, Some(Reason::PolicyDenied));
    assert!(delivery.detail.unwrap().contains("lambda:InvokeFunction"));
    let statement = json!({
        "StatementId": "invoke", "Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": true,
    });
    client.post("/alarm/policy", statement).await.unwrap();
    assert_eq!(client.post_json(&url, json!({})).await.status, 200);
    let other = client.of(OTHER).invoke(&client.arn("alarm"), &[], json!({})).await;
    assert_eq!(other.status, 403, "what is open by URL is not open by the API");
    client.call(Method::PUT, CONFIG, json!({ "AuthType": "AWS_IAM" })).await.unwrap();
    assert_eq!(client.post_json(&url, json!({})).await.status, 403);
    client.call(Method::DELETE, CONFIG, Value::Null).await.unwrap();
    let gone = client.post_json(&url, json!({})).await;
    assert_eq!((gone.status.as_u16(), text(&gone)), (403, "{\"Message\":null}"));
}

#[tokio::test]
async fn with_aws_iam_the_owner_s_identities_get_in_and_strangers_need_a_statement() {
    let client = Client::new().await;
    client.create("alarm").await;
    let url = client.url(json!({ "AuthType": "AWS_IAM" })).await;
    let signed = |account: &str| {
        format!("AWS4-HMAC-SHA256 Credential={account}/20261124/ap-northeast-2/lambda/aws4_request, Signature=0")
    };
    let call = async |account: &str| {
        let signature = signed(account);
        let headers = [("authorization", signature.as_str())];
        client.request(&url, Sent { method: Method::GET, headers: &headers, body: "" }).await
    };
    assert_eq!(client.post_json(&url, json!({})).await.status, 403);
    let reply = call(ACCOUNT).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let event = serde_json::from_str::<Value>(text(&reply)).unwrap()["event"].clone();
    assert_eq!(event["requestContext"]["accountId"], ACCOUNT);
    assert!(event["requestContext"]["authorizer"]["iam"]["userArn"].as_str().unwrap().contains(ACCOUNT));
    assert_eq!(call(OTHER).await.status, 403);
    client.open("AWS_IAM", OTHER).await;
    assert_eq!(call(OTHER).await.status, 200);
}

#[tokio::test]
async fn a_url_of_an_alias_runs_its_version_under_its_policy() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.update("alarm", "first").await;
    client.publish("alarm").await;
    client.update("alarm", "second").await;
    client.post("/alarm/aliases", json!({ "Name": "live", "FunctionVersion": "1" })).await.unwrap();
    client.open("NONE", "*").await;
    let config = format!("{CONFIG}?Qualifier=live");
    let created = client.call(Method::POST, &config, json!({ "AuthType": "NONE" })).await.unwrap();
    assert_eq!(created["FunctionArn"], json!(client.arn("alarm") + ":live"));
    let url = created["FunctionUrl"].as_str().unwrap();
    assert_eq!(client.post_json(url, json!({})).await.status, 403, "the function's policy is not the alias's");
    let everyone = json!({ "StatementId": "all", "Action": "lambda:*", "Principal": "*" });
    client.post("/alarm:live/policy", everyone).await.unwrap();
    let reply = client.post_json(url, json!({})).await;
    assert_eq!(serde_json::from_str::<Value>(text(&reply)).unwrap()["environment"]["CODE"], "first");
    let refused = client.call(Method::POST, &format!("{CONFIG}?Qualifier=1"), json!({ "AuthType": "NONE" })).await;
    assert!(
        refused
            .unwrap_err()
            .starts_with("400 ValidationException: 1 validation error detected: Value '1' at 'qualifier'")
    );
    let listed = client.call(Method::GET, "/2021-10-31/functions/alarm/urls", Value::Null).await.unwrap();
    assert_eq!(listed["FunctionUrlConfigs"].as_array().unwrap().len(), 1);
    client.delete("/alarm/aliases/live").await.unwrap();
    assert_eq!(client.post_json(url, json!({})).await.status, 403);
}

#[tokio::test]
async fn cross_origin_requests_are_lambda_s_business_where_cors_is_set() {
    let (client, url) = public().await;
    let preflight = [("origin", "https://a.example"), ("access-control-request-method", "POST")];
    let reply = client.request(&url, Sent { method: Method::OPTIONS, headers: &preflight, body: "" }).await;
    let event: Value = serde_json::from_str(text(&reply)).unwrap();
    assert_eq!(event["event"]["requestContext"]["http"]["method"], "OPTIONS", "without CORS the function answers");
    let cors = json!({
        "AllowOrigins": ["https://a.example"], "AllowMethods": ["POST"], "AllowHeaders": ["content-type"], "MaxAge": 60,
    });
    let updated = client.call(Method::PUT, CONFIG, json!({ "Cors": cors })).await.unwrap();
    assert_eq!((&updated["Cors"], &updated["AuthType"]), (&cors, &json!("NONE")));
    let before = client.metric("Invocations", "alarm");
    let reply = client.request(&url, Sent { method: Method::OPTIONS, headers: &preflight, body: "" }).await;
    assert_eq!((reply.status.as_u16(), client.metric("Invocations", "alarm")), (200, before));
    assert_eq!(header(&reply, "access-control-allow-origin"), "https://a.example");
    assert_eq!(header(&reply, "access-control-allow-methods"), "POST");
    assert_eq!(header(&reply, "access-control-max-age"), "60");
    for (origin, allowed) in [("https://a.example", "https://a.example"), ("https://b.example", "")] {
        let headers = [("origin", origin)];
        let reply = client.request(&url, Sent { method: Method::GET, headers: &headers, body: "" }).await;
        assert_eq!((reply.status.as_u16(), header(&reply, "access-control-allow-origin")), (200, allowed));
    }
    let refused = client.call(Method::PUT, CONFIG, json!({ "Cors": { "AllowMethods": ["OPTIONS"] } })).await;
    assert!(refused.unwrap_err().starts_with("400 ValidationException: "));
}

#[tokio::test]
async fn a_url_is_made_once_and_streams_are_refused_by_name() {
    let (client, url) = public().await;
    let exists = client.call(Method::POST, CONFIG, json!({ "AuthType": "NONE" })).await.unwrap_err();
    assert_eq!(
        exists,
        format!(
            "409 ResourceConflictException: Failed to create function url config for [functionArn = {}]. Error message:  \
             FunctionUrlConfig exists for this Lambda function",
            client.arn("alarm")
        )
    );
    let stream = json!({ "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM" });
    let refused = client.call(Method::PUT, CONFIG, stream).await.unwrap_err();
    assert_eq!(
        refused,
        "501 NotImplemented: the lab does not support the parameter InvokeMode RESPONSE_STREAM of lambda:UpdateFunctionUrlConfig"
    );
    let found = client.call(Method::GET, CONFIG, Value::Null).await.unwrap();
    assert_eq!((&found["FunctionUrl"], &found["InvokeMode"]), (&json!(url), &json!("BUFFERED")));
    let missing = client.call(Method::GET, "/2021-10-31/functions/other/url", Value::Null).await.unwrap_err();
    assert_eq!(missing, "404 ResourceNotFoundException: The resource you requested does not exist.");
    let id = url.trim_end_matches('/').rsplit('/').next().unwrap();
    let by_host = format!("http://{id}.lambda-url.ap-northeast-2.localhost:4566/x");
    let reply = client.request(&by_host, Sent { method: Method::GET, headers: &[], body: "" }).await;
    assert_eq!(serde_json::from_str::<Value>(text(&reply)).unwrap()["event"]["rawPath"], "/x");
}
