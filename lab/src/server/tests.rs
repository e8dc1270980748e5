//! The lab as its callers meet it over HTTP, beyond the services.

mod control;
mod nonsense;
mod security;

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;

use super::Lab;

/// A call of EC2 by its form.
fn ec2(lab: &Lab, form: &str) -> RequestBuilder {
    signed(Client::new().post(lab.endpoint_url()), "ec2")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.to_owned())
}

/// A call of a JSON service.
fn json(lab: &Lab, service: &str, target: &str, body: &Value) -> RequestBuilder {
    signed(Client::new().post(lab.endpoint_url()), service)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .body(body.to_string())
}

fn signed(request: RequestBuilder, service: &str) -> RequestBuilder {
    let credential = format!("AKIDEXAMPLE/20260101/eu-west-1/{service}/aws4_request");
    request
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"))
}

async fn answer(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn page(lab: &Lab, path: &str) -> Value {
    Client::new().get(format!("{}{path}", lab.endpoint_url())).send().await.unwrap().json().await.unwrap()
}
