use std::net::Ipv4Addr;

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Logs;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::identity::Identity;
use crate::scope::Scope;

const ACCOUNT: &str = "111122223333";

fn scope() -> Scope {
    Scope::new(ACCOUNT, "ap-northeast-2")
}

fn call(logs: &Logs, operation: &str, input: Value) -> Result<Value, AwsError> {
    let reply = logs.call(&Call {
        service: Service::Logs,
        operation: operation.to_owned(),
        scope: scope(),
        identity: Identity::of_unknown_key(ACCOUNT),
        request_id: "request".to_owned(),
        time: Timestamp::now(),
        source_ip: Ipv4Addr::LOCALHOST.into(),
        user_agent: "test".to_owned(),
        host: "127.0.0.1".to_owned(),
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers: HeaderMap::new(),
        body: Bytes::from(input.to_string()),
        labels: Vec::new(),
        params: Node::default(),
    })?;
    Ok(serde_json::from_slice(&reply.body).unwrap())
}

fn messages(output: &Value) -> Vec<&str> {
    output["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

/// A stream `s` of the group `g` with these messages, a second apart, as a function writes them.
fn with(written: &[&str]) -> Logs {
    let logs = Logs::default();
    let start = Timestamp::now().as_second() - 60;
    let events =
        written.iter().zip(start..).map(|(text, at)| (Timestamp::from_second(at).unwrap(), (*text).to_owned()));
    logs.append(&scope(), "g", "s", events.collect());
    logs
}

#[test]
fn a_stream_is_read_to_its_end_where_the_token_repeats() {
    let logs = with(&["1", "2", "3"]);
    let get = |more: Value| {
        let mut input = json!({"logGroupName": "g", "logStreamName": "s", "limit": 2});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(&logs, "GetLogEvents", input).unwrap()
    };
    let first = get(json!({"startFromHead": true}));
    assert_eq!(messages(&first), ["1", "2"]);
    let second = get(json!({"nextToken": first["nextForwardToken"]}));
    assert_eq!(messages(&second), ["3"]);
    let end = get(json!({"nextToken": second["nextForwardToken"]}));
    assert_eq!(messages(&end), [""; 0]);
    assert_eq!(end["nextForwardToken"], second["nextForwardToken"]);

    logs.append(&scope(), "g", "s", vec![(Timestamp::now(), "4".to_owned())]);
    assert_eq!(messages(&get(json!({"nextToken": end["nextForwardToken"]}))), ["4"], "what came since");
    let latest = get(json!({}));
    assert_eq!(messages(&latest), ["3", "4"], "without startFromHead, the latest");
    assert_eq!(messages(&get(json!({"nextToken": latest["nextBackwardToken"]}))), ["1", "2"]);
}

#[test]
fn a_pattern_finds_words_phrases_and_alternatives() {
    let logs = with(&["ERROR 400 BAD REQUEST", "WARN slow", "INFO UNAUTHORIZED", "ERROR 500 {\"a\": 1}"]);
    let find = |pattern: &str| {
        let output = call(&logs, "FilterLogEvents", json!({"logGroupName": "g", "filterPattern": pattern}));
        output.map(|output| messages(&output).iter().map(|text| text[..4].to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(find("ERROR").unwrap(), ["ERRO", "ERRO"]);
    assert_eq!(find("error").unwrap(), [""; 0], "case matters");
    assert_eq!(find("AUTHORIZED").unwrap(), [""; 0], "a word, not a part of one");
    assert_eq!(find("ERROR -500").unwrap(), ["ERRO"]);
    assert_eq!(find("?WARN ?INFO").unwrap(), ["WARN", "INFO"]);
    assert_eq!(find("\"400 BAD\"").unwrap(), ["ERRO"]);
    assert_eq!(find("").unwrap().len(), 4);
    assert_eq!(find("a-b").unwrap_err().to_string(), "InvalidParameterException: Invalid filter pattern");
    assert_eq!(find("\"open").unwrap_err().code, "InvalidParameterException");
    let json_pattern = find("{ $.a = 1 }").unwrap_err();
    assert_eq!((json_pattern.status, json_pattern.message.contains("filterPattern (a pattern for JSON")), (501, true));
}

#[test]
fn a_filter_pages_over_all_streams_in_the_order_of_time() {
    let logs = with(&["1", "3"]);
    let first = call(&logs, "GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"})).unwrap();
    let at = |index: usize| first["events"][index]["timestamp"].as_i64().unwrap();
    let between = Timestamp::from_millisecond(at(0) + 500).unwrap();
    logs.append(&scope(), "g", "other", vec![(between, "2".to_owned())]);

    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({"logGroupName": "g", "limit": 1});
        if !token.is_null() {
            input["nextToken"] = token;
        }
        let page = call(&logs, "FilterLogEvents", input).unwrap();
        seen.extend(messages(&page).into_iter().map(str::to_owned));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, ["1", "2", "3"]);
    let ended =
        call(&logs, "FilterLogEvents", json!({"logGroupName": "g", "startTime": at(0), "endTime": at(1)})).unwrap();
    assert_eq!(messages(&ended), ["1", "2", "3"], "the end is a part of the range");
    let prefixed = call(&logs, "FilterLogEvents", json!({"logGroupName": "g", "logStreamNamePrefix": "o"})).unwrap();
    assert_eq!(messages(&prefixed), ["2"]);
    let gone = call(&logs, "FilterLogEvents", json!({"logGroupName": "g", "logStreamNames": ["gone"]})).unwrap_err();
    assert_eq!(gone.to_string(), "ResourceNotFoundException: The specified log stream does not exist.");
}

#[test]
fn a_batch_is_taken_but_for_what_is_too_old_or_too_new() {
    let logs = with(&[]);
    let now = Timestamp::now().as_millisecond();
    let put = |events: &[(i64, &str)]| {
        let events: Vec<Value> =
            events.iter().map(|(time, text)| json!({"timestamp": time, "message": text})).collect();
        call(&logs, "PutLogEvents", json!({"logGroupName": "g", "logStreamName": "s", "logEvents": events}))
    };
    let taken = put(&[(now, "now"), (now + 3 * 3_600_000, "in three hours")]).unwrap();
    assert_eq!(taken["rejectedLogEventsInfo"], json!({"tooNewLogEventStartIndex": 1}));
    let old = put(&[(now - 15 * 86_400_000, "two weeks ago")]).unwrap();
    assert_eq!(old["rejectedLogEventsInfo"], json!({"tooOldLogEventEndIndex": 1}));
    let all = call(&logs, "FilterLogEvents", json!({"logGroupName": "g"})).unwrap();
    assert_eq!(messages(&all), ["now"]);
    let unordered = put(&[(now, "b"), (now - 1, "a")]).unwrap_err();
    assert!(unordered.message.contains("chronological order"), "{}", unordered.message);
    assert_eq!(put(&[]).unwrap_err().code, "InvalidParameterException");
}

#[test]
fn groups_and_streams_are_found_by_prefix_and_by_their_last_event() {
    let logs = with(&["1"]);
    logs.append(&scope(), "g", "a-newer", vec![(Timestamp::now(), "2".to_owned())]);
    let create = |name: &str| call(&logs, "CreateLogGroup", json!({"logGroupName": name}));
    create("/aws/lambda/f").unwrap();
    assert_eq!(create("/aws/lambda/f").unwrap_err().code, "ResourceAlreadyExistsException");
    assert_eq!(create("a b").unwrap_err().code, "InvalidParameterException");
    let groups = call(&logs, "DescribeLogGroups", json!({"logGroupNamePrefix": "/aws/"})).unwrap();
    let arn = "arn:aws:logs:ap-northeast-2:111122223333:log-group:/aws/lambda/f:*";
    assert_eq!(groups["logGroups"][0]["arn"], arn);
    assert_eq!(groups["logGroups"].as_array().unwrap().len(), 1);

    let input = json!({"logGroupName": "g", "orderBy": "LastEventTime", "descending": true, "limit": 1});
    let streams = call(&logs, "DescribeLogStreams", input.clone()).unwrap();
    assert_eq!(streams["logStreams"][0]["logStreamName"], "a-newer");
    let mut next = input;
    next["nextToken"] = streams["nextToken"].clone();
    let streams = call(&logs, "DescribeLogStreams", next).unwrap();
    assert_eq!((&streams["logStreams"][0]["logStreamName"], &streams["nextToken"]), (&json!("s"), &Value::Null));
    let gone = call(&logs, "DescribeLogStreams", json!({"logGroupName": "gone"})).unwrap_err();
    assert_eq!(gone.to_string(), "ResourceNotFoundException: The specified log group does not exist.");
}

#[test]
fn tags_by_name_and_by_arn_are_the_same_tags() {
    let logs = with(&[]);
    let arn = "arn:aws:logs:ap-northeast-2:111122223333:log-group:g";
    call(&logs, "TagLogGroup", json!({"logGroupName": "g", "tags": {"run": "1", "old": "x"}})).unwrap();
    call(&logs, "UntagResource", json!({"resourceArn": arn, "tagKeys": ["old"]})).unwrap();
    let tags = call(&logs, "ListTagsForResource", json!({"resourceArn": arn})).unwrap();
    assert_eq!(tags, json!({"tags": {"run": "1"}}));
    let retention = call(&logs, "PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 2})).unwrap_err();
    assert_eq!(retention.code, "InvalidParameterException");
}

#[test]
fn a_parameter_that_breaks_a_rule_is_named_with_the_service_s_own_code() {
    let logs = with(&["1"]);
    let arn = format!("arn:aws:logs:ap-northeast-2:{ACCOUNT}:log-group:g");
    let get = |identifier: &str| {
        call(&logs, "GetLogEvents", json!({ "logGroupIdentifier": identifier, "logStreamName": "s" }))
    };
    assert_eq!(messages(&get(&arn).unwrap()), ["1"]);
    // The ARN that policies want, and that DescribeLogGroups gives beside the other.
    let error = get(&format!("{arn}:*")).unwrap_err();
    assert_eq!(error.code, "InvalidParameterException");
    assert!(error.message.ends_with(r"Member must satisfy regular expression pattern: [\w#+=/:,.@-]*"), "{error}");
    let order = json!({ "logGroupName": "g", "orderBy": "Colour" });
    let error = call(&logs, "DescribeLogStreams", order).unwrap_err();
    assert_eq!(error.code, "InvalidParameterException");
    assert!(error.message.contains("Value 'Colour' at 'orderBy' failed"), "{error}");
    assert!(error.message.ends_with("Member must satisfy enum value set: [LogStreamName, LastEventTime]"), "{error}");
}

#[test]
fn groups_are_listed_by_parts_of_their_names() {
    let logs = Logs::default();
    for name in ["/aws/lambda/alarm", "/aws/lambda/other", "alarm/trail"] {
        call(&logs, "CreateLogGroup", json!({ "logGroupName": name })).unwrap();
    }
    let list = |input: Value| call(&logs, "ListLogGroups", input);
    let names = |pattern: &str| -> Vec<String> {
        let listed = list(json!({ "logGroupNamePattern": pattern })).unwrap();
        let groups = listed["logGroups"].as_array().unwrap().iter();
        groups.map(|group| group["logGroupName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("alarm"), ["/aws/lambda/alarm", "alarm/trail"]);
    assert_eq!(names("^alarm"), ["alarm/trail"]);
    assert_eq!(names("^alarm|other"), ["/aws/lambda/other", "alarm/trail"]);
    assert_eq!(names("nothing"), [""; 0]);
    let first = list(json!({ "limit": 2 })).unwrap();
    let arn = format!("arn:aws:logs:ap-northeast-2:{ACCOUNT}:log-group:/aws/lambda/alarm");
    let wanted = json!({ "logGroupName": "/aws/lambda/alarm", "logGroupArn": arn, "logGroupClass": "STANDARD" });
    assert_eq!(first["logGroups"][0], wanted);
    let second = list(json!({ "nextToken": first["nextToken"] })).unwrap();
    assert_eq!((second["logGroups"].as_array().unwrap().len(), &second["nextToken"]), (1, &Value::Null));
    let refused = list(json!({ "logGroupNamePattern": "a.*(b)" })).unwrap_err();
    assert!(refused.message.contains("at 'logGroupNamePattern' failed to satisfy constraint"), "{refused}");
}

/// As AWS answered when others recorded it.
#[test]
fn long_names_two_names_and_what_a_group_shows() {
    let logs = with(&[]);
    let long = "a".repeat(513);
    let message = "Invalid LogGroup or LogStream, both must have length less than or equal to 512.";
    for (operation, input) in [
        ("CreateLogGroup", json!({ "logGroupName": long })),
        ("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": long })),
    ] {
        assert_eq!(
            call(&logs, operation, input).unwrap_err().to_string(),
            format!("InvalidParameterException: {message}")
        );
    }
    let both = json!({ "logGroupName": "g", "logGroupIdentifier": "g" });
    let error = call(&logs, "DescribeLogStreams", both).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ValidationException: LogGroup name and LogGroup ARN are mutually exclusive parameters."
    );
    let shown = call(&logs, "DescribeLogGroups", json!({})).unwrap();
    assert_eq!(shown["logGroups"][0]["deletionProtectionEnabled"], false);
}
