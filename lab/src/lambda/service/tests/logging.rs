//! `LoggingConfig`: where the log goes, and in which form.

use super::*;

impl Client {
    /// The streams and messages of a log group.
    async fn logged(&self, group: &str) -> Vec<(String, String)> {
        let headers = [("x-amz-target", "Logs_20140328.FilterLogEvents")];
        let input = json!({ "logGroupName": group }).to_string();
        let reply = self.send("logs", Method::POST, "/", &headers, input).await;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
        let events = answer["events"].as_array().cloned().unwrap_or_default();
        events.iter().map(|event| (text(event, "logStreamName"), text(event, "message"))).collect()
    }

    async fn set_logging(&self, config: Value) -> Result<Value, String> {
        let answer = self.put("/alarm/configuration", json!({ "LoggingConfig": config })).await?;
        Ok(answer["LoggingConfig"].clone())
    }
}

#[tokio::test]
async fn text_goes_to_the_group_that_was_chosen() {
    let client = Client::new().await;
    let created =
        client.create_with("alarm", json!({ "LoggingConfig": { "LogGroup": "/shared/alarms" } })).await.unwrap();
    assert_eq!(created["LoggingConfig"], json!({ "LogFormat": "Text", "LogGroup": "/shared/alarms" }));
    let answer = client.answer("alarm", json!({})).await;
    assert_eq!(answer["environment"]["AWS_LAMBDA_LOG_GROUP_NAME"], "/shared/alarms");
    let logged = client.logged("/shared/alarms").await;
    assert!(logged.iter().any(|(_, message)| message == "handling 1\n"), "{logged:?}");
    assert!(logged.iter().all(|(stream, _)| stream.contains("/alarm[$LATEST]")), "the stream says whose it is");
    assert!(client.logged("/aws/lambda/alarm").await.is_empty());
    assert_eq!(client.set_logging(json!({ "LogGroup": "" })).await.unwrap()["LogGroup"], "/aws/lambda/alarm");
}

#[tokio::test]
async fn json_has_levels_and_the_platform_s_records() {
    let client = Client::new().await;
    client.create("alarm").await;
    let json = json!({
        "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", "LogGroup": "/aws/lambda/alarm",
    });
    assert_eq!(client.set_logging(json!({ "LogFormat": "JSON" })).await.unwrap(), json);
    let reply = client.invoke("alarm", &[], json!({})).await;
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(answer["environment"]["AWS_LAMBDA_LOG_FORMAT"], "JSON");
    assert_eq!(answer["environment"]["AWS_LAMBDA_LOG_LEVEL"], "INFO");
    let records = async || -> Vec<Value> {
        let logged = client.logged("/aws/lambda/alarm").await;
        logged.iter().filter_map(|(_, message)| serde_json::from_str(message).ok()).collect()
    };
    let kinds = |records: &[Value]| -> Vec<Value> { records.iter().map(|record| record["type"].clone()).collect() };
    let shown = records().await;
    assert_eq!(kinds(&shown), ["platform.initStart", "platform.start", "platform.report"]);
    let id = header(&reply, "x-amzn-requestid");
    assert_eq!(
        shown[1]["record"],
        json!({ "requestId": id, "functionArn": client.arn("alarm"), "version": "$LATEST" })
    );
    assert_eq!((&shown[2]["record"]["requestId"], &shown[2]["record"]["status"]), (&json!(id), &json!("success")));

    let kept = client.set_logging(json!({ "SystemLogLevel": "WARN", "ApplicationLogLevel": "ERROR" })).await.unwrap();
    assert_eq!((&kept["LogFormat"], &kept["SystemLogLevel"]), (&json!("JSON"), &json!("WARN")));
    let before = client.logged("/aws/lambda/alarm").await.len();
    client.invoke("alarm", &[], json!({})).await;
    let logged = client.logged("/aws/lambda/alarm").await;
    assert_eq!(logged.len(), before, "what went well is below both levels: {logged:?}");
    client.invoke("alarm", &[], json!({ "do": "fail" })).await;
    let report = records().await.pop().unwrap();
    assert_eq!((&report["type"], &report["record"]["status"]), (&json!("platform.report"), &json!("error")));

    let text = client.set_logging(json!({ "LogFormat": "Text" })).await.unwrap();
    assert_eq!(text, json!({ "LogFormat": "Text", "LogGroup": "/aws/lambda/alarm" }));
}

#[tokio::test]
async fn the_record_of_an_invocation_s_end_says_how_its_time_was_spent() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.set_logging(json!({ "LogFormat": "JSON", "SystemLogLevel": "DEBUG" })).await.unwrap();
    for event in [json!({}), json!({ "do": "fail" })] {
        client.invoke("alarm", &[], event).await;
    }
    let logged = client.logged("/aws/lambda/alarm").await;
    let records = logged.iter().filter_map(|(_, message)| serde_json::from_str::<Value>(message).ok());
    let ends: Vec<Value> = records.filter(|record| record["type"] == "platform.runtimeDone").collect();
    let [answered, failed] = ends.as_slice() else { panic!("two ends: {ends:?}") };
    let spans = answered["record"]["spans"].as_array().unwrap();
    let names: Vec<_> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["responseLatency", "responseDuration", "runtimeOverhead"]);
    let starts: Vec<jiff::Timestamp> =
        spans.iter().map(|span| span["start"].as_str().unwrap().parse().unwrap()).collect();
    assert!(starts.is_sorted(), "{spans:?}");
    let spent: f64 = spans.iter().map(|span| span["durationMs"].as_f64().unwrap()).sum();
    let duration = answered["record"]["metrics"]["durationMs"].as_f64().unwrap();
    assert!(spent > 0.0 && spent <= duration, "{spent} of {duration} ms");
    assert_eq!(failed["record"].get("spans"), None, "there was no response");
}

#[tokio::test]
async fn settings_that_aws_refuses() {
    let client = Client::new().await;
    client.create("alarm").await;
    for (config, why) in [
        (
            json!({ "LogFormat": "XML" }),
            "at 'loggingConfig.logFormat' failed to satisfy constraint: Member must satisfy enum",
        ),
        (json!({ "LogFormat": "JSON", "SystemLogLevel": "ERROR" }), "enum value set: [DEBUG, INFO, WARN]"),
        (json!({ "LogFormat": "JSON", "ApplicationLogLevel": "info" }), "'loggingConfig.applicationLogLevel'"),
        (json!({ "ApplicationLogLevel": "INFO" }), "can only be set for functions configured to use JSON log format"),
        (
            json!({ "LogFormat": "Text", "SystemLogLevel": "INFO" }),
            "can only be set for functions configured to use JSON",
        ),
        (json!({ "LogGroup": "a b" }), "regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"),
        (json!({ "LogGroup": "g".repeat(513) }), "length less than or equal to 512"),
        (json!({ "LogStyle": "JSON" }), "LogStyle"),
    ] {
        let refused = client.set_logging(config.clone()).await.unwrap_err();
        assert!(refused.starts_with("400 ") && refused.contains(why), "{config}: {refused}");
    }
}
