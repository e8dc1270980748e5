use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::cloudtrail::tests::client::Client;
use crate::metrics::minute_of;

/// Speaks CBOR, as the newest SDKs do.
async fn ask(client: &Client, operation: &str, input: Value) -> Result<Value, (String, String)> {
    let reply = send(client, Spoken::Cbor, operation, crate::gateway::cbor::write(&input).unwrap()).await;
    assert_eq!(reply.headers["smithy-protocol"], "rpc-v2-cbor");
    let answer = crate::gateway::cbor::read(&reply.body).unwrap();
    match reply.status.is_success() {
        true => Ok(answer),
        false => {
            let shape = answer["__type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
            Err((shape, answer["message"].as_str().unwrap().to_owned()))
        }
    }
}

#[derive(Clone, Copy)]
enum Spoken {
    Cbor,
    Json,
    Form,
}

async fn send(client: &Client, spoken: Spoken, operation: &str, body: Vec<u8>) -> Reply {
    let mut headers = HeaderMap::new();
    let path = match spoken {
        Spoken::Cbor => {
            headers.insert("smithy-protocol", "rpc-v2-cbor".parse().unwrap());
            format!("/service/GraniteServiceVersion20100801/operation/{operation}")
        }
        Spoken::Json => {
            headers.insert("x-amz-target", format!("GraniteServiceVersion20100801.{operation}").parse().unwrap());
            "/".to_owned()
        }
        Spoken::Form => {
            headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
            "/".to_owned()
        }
    };
    client.raw("monitoring", Method::POST, &path, headers, Bytes::from(body)).await
}

/// The five minutes that the newest data are in, and as much before.
fn around() -> (f64, f64) {
    let now = minute_of(jiff::Timestamp::now()) as f64;
    (now - 600.0, now + 120.0)
}

fn statistics(name: &str, dimensions: Value) -> Value {
    let (start, end) = around();
    json!({
        "Namespace": "AWS/Events", "MetricName": name, "Dimensions": dimensions, "StartTime": start, "EndTime": end,
        "Period": 3600, "Statistics": ["Sum", "SampleCount"],
    })
}

#[tokio::test]
async fn three_protocols_give_one_answer() {
    let client = Client::new();
    client.cloud.metrics.count(&client.scope, "AWS/SNS", "NumberOfNotificationsFailed", ("TopicName", "alarm"));
    let (start, end) = around();
    let input = json!({
        "Namespace": "AWS/SNS", "MetricName": "NumberOfNotificationsFailed", "StartTime": start, "EndTime": end,
        "Dimensions": [{ "Name": "TopicName", "Value": "alarm" }], "Period": 3600, "Statistics": ["Sum"],
    });
    let cbor = ask(&client, "GetMetricStatistics", input.clone()).await.unwrap();
    assert_eq!((&cbor["Datapoints"][0]["Sum"], &cbor["Datapoints"][0]["Unit"]), (&json!(1.0), &json!("Count")));
    let json = send(&client, Spoken::Json, "GetMetricStatistics", input.to_string().into_bytes()).await;
    assert_eq!(serde_json::from_slice::<Value>(&json.body).unwrap(), cbor);
    assert_eq!(json.headers["content-type"], "application/x-amz-json-1.0");
    let form = format!(
        "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FSNS&MetricName=NumberOfNotificationsFailed\
         &Dimensions.member.1.Name=TopicName&Dimensions.member.1.Value=alarm&Period=3600&Statistics.member.1=Sum\
         &StartTime={}&EndTime={}",
        jiff::Timestamp::from_second(start as i64).unwrap(),
        jiff::Timestamp::from_second(end as i64).unwrap(),
    );
    let xml = send(&client, Spoken::Form, "", form.into_bytes()).await;
    let xml = String::from_utf8(xml.body.to_vec()).unwrap();
    let begin = jiff::Timestamp::from_second(cbor["Datapoints"][0]["Timestamp"].as_f64().unwrap() as i64).unwrap();
    let wanted = format!("<member><Timestamp>{begin}</Timestamp><Sum>1</Sum><Unit>Count</Unit></member>");
    assert!(xml.contains(&wanted), "{wanted}\n{xml}");
}

#[tokio::test]
async fn every_protocol_names_an_error_its_own_way() {
    let client = Client::new();
    let wrong = json!({ "Namespace": "AWS/Mine", "MetricData": [{ "MetricName": "n", "Value": 1 }] });
    let (shape, message) = ask(&client, "PutMetricData", wrong.clone()).await.unwrap_err();
    assert_eq!(
        (shape.as_str(), message.as_str()),
        ("InvalidParameterValueException", "The value AWS/ for parameter Namespace is invalid.")
    );
    let json = send(&client, Spoken::Json, "PutMetricData", wrong.to_string().into_bytes()).await;
    assert_eq!(json.headers["x-amzn-query-error"], "InvalidParameterValue;Sender");
    let form = "Action=PutMetricData&Namespace=AWS%2FMine&MetricData.member.1.MetricName=n&MetricData.member.1.Value=1";
    let xml = send(&client, Spoken::Form, "", form.into()).await;
    assert_eq!(xml.status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(&xml.body).contains("<Code>InvalidParameterValue</Code>"));
    for operation in ["PutMetricAlarm", "DescribeAlarms", "PutDashboard"] {
        let (shape, message) = ask(&client, operation, json!({})).await.unwrap_err();
        let wanted = format!("the lab does not support the operation monitoring:{operation}");
        assert_eq!((shape.as_str(), message), ("NotImplemented", wanted));
    }
}

#[tokio::test]
async fn a_metric_is_found_by_its_own_dimensions_and_no_others() {
    let client = Client::new();
    let by = |names: &[(&str, &str)]| {
        names.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect::<Value>()
    };
    let both = [("EventBusName", "mine"), ("RuleName", "r")];
    let note = |dimensions| {
        client.cloud.metrics.record(&client.scope, "AWS/Events", "FailedInvocations", dimensions, 1.0, "Count");
    };
    note(&[("RuleName", "r")]);
    note(&both);
    note(&both);
    for (dimensions, wanted) in [
        (by(&[("RuleName", "r")]), json!([1.0])),
        (by(&[("RuleName", "r"), ("EventBusName", "mine")]), json!([2.0])),
        (by(&[]), json!([])),
        (by(&[("RuleName", "R")]), json!([])),
    ] {
        let answer = ask(&client, "GetMetricStatistics", statistics("FailedInvocations", dimensions.clone())).await;
        let sums: Value =
            answer.unwrap()["Datapoints"].as_array().unwrap().iter().map(|one| one["Sum"].clone()).collect();
        assert_eq!(sums, wanted, "{dimensions}");
    }
    let list = |input: Value| ask(&client, "ListMetrics", input);
    let all = list(json!({ "Namespace": "AWS/Events", "Dimensions": [{ "Name": "RuleName" }] })).await.unwrap();
    assert_eq!(all["Metrics"].as_array().unwrap().len(), 2);
    let one = list(json!({ "Dimensions": [{ "Name": "EventBusName", "Value": "mine" }] })).await.unwrap();
    assert_eq!(one["Metrics"].as_array().unwrap().len(), 1);
    let abroad = client.at("us-east-1");
    assert_eq!(ask(&abroad, "ListMetrics", json!({})).await.unwrap()["Metrics"], json!([]));
}

#[tokio::test]
async fn data_come_in_periods_and_in_pages() {
    let client = Client::new();
    let base = minute_of(jiff::Timestamp::now()).div_euclid(3600) * 3600 - 7200;
    let data: Vec<Value> = (0..4)
        .map(|n| json!({ "MetricName": "m", "Value": n, "Timestamp": base + n * 300, "Unit": "Count" }))
        .collect();
    ask(&client, "PutMetricData", json!({ "Namespace": "Mine", "MetricData": data })).await.unwrap();
    let query = |more: Value| {
        let stat = json!({ "Metric": { "Namespace": "Mine", "MetricName": "m" }, "Period": 600, "Stat": "Sum" });
        let mut input = json!({
            "MetricDataQueries": [{ "Id": "a", "MetricStat": stat }, { "Id": "b", "MetricStat": stat, "ReturnData": false }],
            "StartTime": base, "EndTime": base + 3600,
        });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(&client, "GetMetricData", input)
    };
    let whole = query(json!({})).await.unwrap();
    assert_eq!(whole["MetricDataResults"].as_array().unwrap().len(), 1, "only what is to be returned");
    let result = &whole["MetricDataResults"][0];
    assert_eq!((&result["Values"], &result["StatusCode"]), (&json!([5.0, 1.0]), &json!("Complete")), "newest first");
    assert_eq!(result["Timestamps"], json!([(base + 600) as f64, base as f64]));
    let oldest_first = json!({ "ScanBy": "TimestampAscending", "MaxDatapoints": 1 });
    let first = query(oldest_first.clone()).await.unwrap();
    assert_eq!(first["MetricDataResults"][0]["Values"], json!([1.0]));
    assert_eq!(first["MetricDataResults"][0]["StatusCode"], "PartialData");
    let mut rest = oldest_first;
    rest["NextToken"] = first["NextToken"].clone();
    let second = query(rest).await.unwrap();
    assert_eq!(second["MetricDataResults"][0]["Values"], json!([5.0]));
    assert_eq!(second.get("NextToken"), None);
    let none = json!({ "MetricDataQueries": [{ "Id": "a" }] });
    for (wrong, wanted) in [
        (json!({ "StartTime": base + 7200 }), "The parameter EndTime must be greater than StartTime."),
        (json!({ "EndTime": base }), "The parameter StartTime must not equal parameter EndTime."),
        (none, "The parameter MetricDataQueries.member.1.MetricStat is required.\n"),
    ] {
        let (shape, message) = query(wrong).await.unwrap_err();
        assert_eq!((shape.as_str(), message.as_str()), ("ValidationError", wanted));
    }
}

#[tokio::test]
async fn nothing_is_kept_of_a_call_with_one_wrong_number() {
    let client = Client::new();
    let now = jiff::Timestamp::now().as_second();
    for (wrong, code) in [
        (json!({ "MetricName": "b", "Value": 1, "Values": [1] }), "InvalidParameterCombinationException"),
        (json!({ "MetricName": "b" }), "MissingRequiredParameterException"),
        (json!({ "MetricName": "b", "Value": 1, "Unit": "Bananas" }), "InvalidParameterValueException"),
        (json!({ "MetricName": "b", "Value": 1, "Timestamp": now - 15 * 86_400 }), "InvalidParameterValueException"),
        (json!({ "MetricName": "b", "Value": 1, "Timestamp": now + 3 * 3600 }), "InvalidParameterValueException"),
        (json!({ "MetricName": "b", "Value": 1e300 }), "InvalidParameterValueException"),
        (json!({ "MetricName": "b", "Value": "NaN" }), "InvalidParameterValueException"),
        (json!({ "MetricName": "b", "Values": [1, 2], "Counts": [1] }), "InvalidParameterValueException"),
        (json!({ "MetricName": "b", "Value": 1, "StorageResolution": 5 }), "InvalidParameterValueException"),
        (json!({ "MetricName": "", "Value": 1 }), "InvalidParameterValueException"),
    ] {
        let data = json!({ "Namespace": "Mine", "MetricData": [{ "MetricName": "a", "Value": 1 }, wrong] });
        assert_eq!(ask(&client, "PutMetricData", data).await.unwrap_err().0, code, "{wrong}");
    }
    assert_eq!(ask(&client, "ListMetrics", json!({})).await.unwrap()["Metrics"], json!([]));
    let nan = json!({ "Namespace": "Mine", "MetricData": [{ "MetricName": "a", "Value": "NaN" }] });
    let message = ask(&client, "PutMetricData", nan).await.unwrap_err().1;
    assert_eq!(message, "The value NaN for parameter MetricData.member.1.Value is invalid.");
}

#[tokio::test]
async fn queues_tell_how_full_they_are() {
    let client = Client::new();
    client.queue("q", true).await;
    let url = format!("http://127.0.0.1:4566/{}/q", client.scope.account);
    for body in ["one", "two"] {
        client.sqs("SendMessage", json!({ "QueueUrl": url, "MessageBody": body })).await.unwrap();
    }
    client.sqs("ReceiveMessage", json!({ "QueueUrl": url, "MaxNumberOfMessages": 1 })).await.unwrap();
    let (start, end) = around();
    let query = |(id, name, stat): &(&str, &str, &str)| {
        json!({ "Id": id, "MetricStat": {
            "Metric": { "Namespace": "AWS/SQS", "MetricName": name, "Dimensions": [{ "Name": "QueueName", "Value": "q" }] },
            "Period": 3600, "Stat": stat,
        } })
    };
    let wanted = [
        ("a", "NumberOfMessagesSent", "Sum", 2.0),
        ("b", "NumberOfMessagesReceived", "Sum", 1.0),
        ("c", "ApproximateNumberOfMessagesVisible", "Maximum", 1.0),
        ("d", "ApproximateNumberOfMessagesNotVisible", "Maximum", 1.0),
        ("e", "SentMessageSize", "Average", 3.0),
    ];
    let queries: Vec<Value> = wanted.iter().map(|(id, name, stat, _)| query(&(id, name, stat))).collect();
    let input = json!({ "MetricDataQueries": queries, "StartTime": start - 7200.0, "EndTime": end });
    let answer = ask(&client, "GetMetricData", input).await.unwrap();
    for ((_, name, stat, value), result) in wanted.iter().zip(answer["MetricDataResults"].as_array().unwrap()) {
        assert_eq!(result["Values"][0], json!(value), "{name}");
        assert_eq!(result["Label"], format!("{name} {stat}"), "the queries differ by their statistics");
    }
}
