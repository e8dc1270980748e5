use std::io::Read as _;

use axum::http::Method;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::json;

use self::client::Client;
use super::*;
use crate::deliveries::{Outcome, Reason};
use crate::ids;
use crate::scope::Scope;

pub(crate) mod client;
mod history;
mod selectors;

fn record(service: Service, region: &str, event_name: &str, read_only: bool) -> Arc<Record> {
    let event_id = ids::uuid();
    Arc::new(Record {
        scope: Scope::new("111122223333", region),
        time: Timestamp::now(),
        service,
        event_name: event_name.to_owned(),
        event_id: event_id.clone(),
        request_id: ids::uuid(),
        read_only,
        access_key: "AKIATEST".to_owned(),
        username: "alice".to_owned(),
        resources: vec![("AWS::EC2::SecurityGroup".to_owned(), "sg-1".to_owned())],
        json: json!({ "eventName": event_name, "eventID": event_id }),
    })
}

/// Lets the lab observe a security-group call, and says what stopped it on its way to the bus.
async fn reason(client: &Client, event_name: &str) -> Option<(Reason, String)> {
    let read_only = event_name.starts_with("Describe");
    client.cloud.cloudtrail.observe(&client.cloud, record(Service::Ec2, &client.scope.region, event_name, read_only));
    let delivery = client.deliveries(Hop::Trail, event_name).await.pop().unwrap();
    delivery.reason.zip(delivery.detail)
}

/// The records in the files of a bucket, in the order of the files' keys, and the first key.
async fn files(client: &Client, bucket: &str) -> (String, Vec<Value>) {
    let listing = client.s3(Method::GET, &format!("/{bucket}?list-type=2"), "").await;
    let listing = String::from_utf8(listing.body.to_vec()).unwrap();
    let keys: Vec<_> = listing.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    let mut records = Vec::new();
    for key in &keys {
        let object = client.s3(Method::GET, &format!("/{bucket}/{key}"), "").await;
        let mut text = String::new();
        GzDecoder::new(object.body.as_ref()).read_to_string(&mut text).unwrap();
        records.extend(serde_json::from_str::<Value>(&text).unwrap()["Records"].as_array().unwrap().clone());
    }
    (keys.first().copied().unwrap_or_default().to_owned(), records)
}

#[test]
fn names_that_aws_refuses() {
    let table = [
        ("", "cannot be blank"),
        ("ab", "too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."),
        ("-abc", "must starts with"),
        ("abc-", "must ends with"),
        ("a b c", "can only contain"),
        ("a--b", "cannot have adjacent"),
        ("a.-b", "cannot have adjacent"),
        ("192.168.5.4", "formatted as an IP address"),
    ];
    for (given, wanted) in table {
        let error = name::check(given).unwrap_err();
        assert_eq!(error.code, "InvalidTrailNameException");
        assert!(error.message.contains(wanted), "{given}: {}", error.message);
    }
    assert!(name::check(&"a".repeat(129)).unwrap_err().message.contains("Specified name length: 129 characters."));
    assert_eq!(name::check("ct-securitygroup"), Ok(()));
}

#[tokio::test]
async fn a_trail_needs_a_bucket_that_lets_it_write() {
    let client = Client::new();
    let create = |more: Value| {
        let mut input = json!({ "Name": "ct-securitygroup", "S3BucketName": "the-bucket" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.cloudtrail("CreateTrail", input)
    };
    let refused = |answer: Result<Value, String>| answer.unwrap_err();
    assert_eq!(refused(create(json!({})).await), "S3BucketDoesNotExistException: S3 bucket the-bucket does not exist!");
    client.closed_bucket("the-bucket").await;
    assert_eq!(
        refused(create(json!({})).await),
        "InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: the-bucket"
    );
    client.allow_trails("the-bucket").await;
    let prefixed = refused(create(json!({ "S3KeyPrefix": "elsewhere" })).await);
    assert!(prefixed.starts_with("InsufficientS3BucketPolicyException"), "the policy covers the keys: {prefixed}");
    let combination = create(json!({ "IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": false })).await;
    assert_eq!(
        refused(combination),
        "InvalidParameterCombinationException: Multi-Region trail must include global service events."
    );
    for (parameter, value) in [("KmsKeyId", json!("alias/x")), ("IsOrganizationTrail", json!(true))] {
        assert_eq!(
            refused(create(json!({ parameter: value })).await),
            format!("NotImplemented: the lab does not support the parameter {parameter} of cloudtrail:CreateTrail")
        );
    }
    let created = create(json!({ "TagsList": [{ "Key": "k", "Value": "v" }] })).await.unwrap();
    let arn = "arn:aws:cloudtrail:ap-northeast-2:111122223333:trail/ct-securitygroup";
    assert_eq!(
        created,
        json!({
            "Name": "ct-securitygroup", "S3BucketName": "the-bucket", "IncludeGlobalServiceEvents": true,
            "IsMultiRegionTrail": false, "TrailARN": arn, "LogFileValidationEnabled": false,
            "IsOrganizationTrail": false,
        })
    );
    assert_eq!(
        refused(create(json!({})).await),
        "TrailAlreadyExistsException: Trail ct-securitygroup already exists for customer: 111122223333"
    );
    let tags = client.cloudtrail("ListTags", json!({ "ResourceIdList": [arn] })).await.unwrap();
    assert_eq!(tags["ResourceTagList"][0]["TagsList"], json!([{ "Key": "k", "Value": "v" }]));
    for n in 2..=5 {
        let input = json!({ "Name": format!("trail-{n}"), "S3BucketName": "the-bucket" });
        client.cloudtrail("CreateTrail", input).await.unwrap();
    }
    let input = json!({ "Name": "trail-6", "S3BucketName": "the-bucket" });
    assert_eq!(
        refused(client.cloudtrail("CreateTrail", input).await),
        "MaximumNumberOfTrailsExceededException: User: 111122223333 already has 5 trails in ap-northeast-2."
    );
}

#[tokio::test]
async fn a_multi_region_trail_is_a_shadow_elsewhere() {
    let home = Client::new();
    home.bucket("the-bucket").await;
    let input = json!({ "Name": "everywhere", "S3BucketName": "the-bucket", "IsMultiRegionTrail": true });
    let arn = home.cloudtrail("CreateTrail", input).await.unwrap()["TrailARN"].clone();
    let abroad = home.at("us-east-1");
    let list = |input: Value| abroad.cloudtrail("DescribeTrails", input);
    let shadows = list(json!({})).await.unwrap();
    assert_eq!(shadows["trailList"][0]["HomeRegion"], "ap-northeast-2");
    assert_eq!(list(json!({ "includeShadowTrails": false })).await.unwrap()["trailList"], json!([]));
    assert_eq!(list(json!({ "trailNameList": ["everywhere"] })).await.unwrap()["trailList"], json!([]));
    assert_eq!(list(json!({ "trailNameList": [arn] })).await.unwrap()["trailList"][0]["Name"], "everywhere");
    let by_name = abroad.cloudtrail("GetTrailStatus", json!({ "Name": "everywhere" })).await;
    assert_eq!(
        by_name.unwrap_err(),
        "TrailNotFoundException: Unknown trail: arn:aws:cloudtrail:us-east-1:111122223333:trail/everywhere for the user: \
         111122223333"
    );
    assert!(abroad.cloudtrail("GetTrailStatus", json!({ "Name": arn })).await.is_ok());
    for name in [json!("everywhere"), arn.clone()] {
        let refused = abroad.cloudtrail("StartLogging", json!({ "Name": name })).await.unwrap_err();
        assert!(refused.starts_with("InvalidHomeRegionException"), "{refused}");
    }
    assert_eq!(abroad.cloudtrail("ListTrails", json!({})).await.unwrap()["Trails"][0]["TrailARN"], arn);
    assert!(
        abroad
            .cloudtrail("GetTrail", json!({ "Name": "arn:aws:s3:::x" }))
            .await
            .unwrap_err()
            .starts_with("CloudTrailARN")
    );
}

#[tokio::test]
async fn what_no_trail_takes_does_not_reach_the_bus() {
    let client = Client::new();
    let (why, detail) = reason(&client, "AuthorizeSecurityGroupIngress").await.unwrap();
    assert_eq!((why, detail.as_str()), (Reason::NoTrail, "the account has no trail"));

    let abroad = client.at("us-east-1");
    abroad.trail("abroad").await;
    let (why, detail) = reason(&client, "AuthorizeSecurityGroupIngress").await.unwrap();
    assert_eq!(why, Reason::NoTrail);
    assert!(detail.contains("abroad in us-east-1"), "{detail}");

    client.bucket("the-bucket").await;
    let input = json!({ "Name": "silent", "S3BucketName": "the-bucket" });
    client.cloudtrail("CreateTrail", input).await.unwrap();
    let (why, detail) = reason(&client, "AuthorizeSecurityGroupIngress").await.unwrap();
    assert_eq!(why, Reason::TrailNotLogging);
    assert!(detail.contains("silent") && detail.contains("never started"), "{detail}");

    client.cloudtrail("StartLogging", json!({ "Name": "silent" })).await.unwrap();
    assert_eq!(reason(&client, "AuthorizeSecurityGroupIngress").await, None);
    assert_eq!(client.deliveries(Hop::Bus, "AuthorizeSecurityGroupIngress").await.len(), 1, "only the last one");

    client.cloudtrail("StopLogging", json!({ "Name": "silent" })).await.unwrap();
    let (why, detail) = reason(&client, "AuthorizeSecurityGroupIngress").await.unwrap();
    assert_eq!(why, Reason::TrailNotLogging);
    assert!(detail.contains("it was stopped at"), "{detail}");
}

#[tokio::test]
async fn several_trails_put_a_record_on_the_bus_once() {
    let client = Client::new();
    client.trail("one").await;
    client.trail("two").await;
    assert_eq!(reason(&client, "RevokeSecurityGroupIngress").await, None);
    assert_eq!(client.deliveries(Hop::Trail, "RevokeSecurityGroupIngress").await.len(), 2);
    assert_eq!(client.deliveries(Hop::Bus, "RevokeSecurityGroupIngress").await.len(), 1);
}

#[tokio::test]
async fn global_services_are_recorded_in_one_region() {
    let client = Client::new().at("us-east-1");
    let iam =
        |name: &str| client.cloud.cloudtrail.observe(&client.cloud, record(Service::Iam, "us-east-1", name, false));
    client.bucket("the-bucket").await;
    let input = json!({ "Name": "local", "S3BucketName": "the-bucket", "IncludeGlobalServiceEvents": false });
    client.cloudtrail("CreateTrail", input).await.unwrap();
    client.cloudtrail("StartLogging", json!({ "Name": "local" })).await.unwrap();
    iam("CreateUser");
    let left = client.deliveries(Hop::Trail, "CreateUser").await.pop().unwrap();
    assert_eq!(left.reason, Some(Reason::SelectorExcludes));
    assert!(left.detail.unwrap().contains("IncludeGlobalServiceEvents"));
    let input = json!({ "Name": "local", "IncludeGlobalServiceEvents": true });
    client.cloudtrail("UpdateTrail", input).await.unwrap();
    iam("DeleteUser");
    assert_eq!(client.deliveries(Hop::Bus, "DeleteUser").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn files_come_into_the_bucket_by_themselves_and_in_order() {
    let client = Client::new();
    client.trail("log").await;
    for n in 0..3 {
        reason(&client, &format!("Call{n}")).await;
    }
    assert_eq!(files(&client, "log-bucket").await.1, [Value::Null; 0], "not at once");
    // The clock stands still until nothing else is to be done, and then jumps to the next timer.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let (key, records) = files(&client, "log-bucket").await;
    let names: Vec<_> = records.iter().filter_map(|record| record["eventName"].as_str()).collect();
    let calls: Vec<_> = names.iter().filter(|name| name.starts_with("Call")).collect();
    assert_eq!(calls, [&"Call0", &"Call1", &"Call2"]);
    let folder = "AWSLogs/111122223333/CloudTrail/ap-northeast-2/2";
    assert!(key.starts_with(folder) && key.ends_with(".json.gz"), "{key}");
    assert!(key.rsplit('/').next().unwrap().starts_with("111122223333_CloudTrail_ap-northeast-2_2"), "{key}");
    assert_eq!(client.cloud.deliveries.all().iter().filter(|d| d.hop == Hop::Bucket).count(), 1, "one file");
}

#[tokio::test]
async fn a_bucket_that_refuses_shows_in_the_status_and_loses_nothing() {
    let client = Client::new();
    client.trail("log").await;
    let status = || client.cloudtrail("GetTrailStatus", json!({ "Name": "log" }));
    assert!(status().await.unwrap()["LatestDeliveryTime"].is_number());
    client.s3(Method::DELETE, "/log-bucket?policy", "").await;
    reason(&client, "WhileDenied").await;
    let denied = status().await.unwrap();
    assert_eq!(denied["LatestDeliveryError"], "AccessDenied");
    assert_eq!(denied["IsLogging"], true);
    let tried = client.cloud.deliveries.all().into_iter().rfind(|delivery| delivery.hop == Hop::Bucket).unwrap();
    assert_eq!((tried.outcome, tried.reason), (Outcome::Retried, Some(Reason::PolicyDenied)));
    reason(&client, "StillDenied").await;
    client.allow_trails("log-bucket").await;
    let well = status().await.unwrap();
    assert_eq!(well.get("LatestDeliveryError"), None);
    let (_, records) = files(&client, "log-bucket").await;
    let names: Vec<_> = records.iter().filter_map(|record| record["eventName"].as_str()).collect();
    let place = |name| names.iter().position(|other| *other == name);
    assert!(place("WhileDenied").is_some() && place("WhileDenied") < place("StillDenied"), "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "WhileDenied").count(), 1);
}

#[tokio::test]
async fn the_labs_own_page_shows_records_and_trails() {
    let client = Client::new();
    client.trail("log").await;
    reason(&client, "AuthorizeSecurityGroupIngress").await;
    let cloudtrail = &client.cloud.cloudtrail;
    let all = cloudtrail.records(None, None);
    let names: Vec<_> = all.iter().filter_map(|record| record["eventName"].as_str()).collect();
    assert_eq!(names.last(), Some(&"AuthorizeSecurityGroupIngress"), "oldest first");
    let by_name = cloudtrail.records(Some("AuthorizeSecurityGroupIngress"), None);
    let by_id = cloudtrail.records(None, by_name[0]["eventID"].as_str());
    assert_eq!((by_name.len(), &by_id), (1, &by_name));
    let trail = &cloudtrail.summaries()[0];
    assert_eq!((&trail["name"], &trail["is_logging"]), (&json!("log"), &json!(true)));
}

#[tokio::test]
async fn a_trail_is_its_accounts_own() {
    let client = Client::new();
    client.trail("log").await;
    let other = Client { scope: Scope::new("444455556666", "ap-northeast-2"), ..client.clone() };
    assert_eq!(other.cloudtrail("DescribeTrails", json!({})).await.unwrap()["trailList"], json!([]));
    let refused = other.cloudtrail("StopLogging", json!({ "Name": client.scope.arn("cloudtrail", "trail/log") })).await;
    assert!(refused.unwrap_err().starts_with("TrailNotFoundException"));
    let strange = Record { scope: other.scope.clone(), ..(*record(Service::Ec2, "x", "StrangeCall", false)).clone() };
    client.cloud.cloudtrail.observe(&client.cloud, Arc::new(strange));
    let left = client.deliveries(Hop::Trail, "StrangeCall").await.pop().unwrap();
    assert_eq!(left.reason, Some(Reason::NoTrail));
}

#[test]
fn the_bus_tells_read_only_events_by_their_names() {
    let table = [
        (Service::Ec2, "DescribeSecurityGroups", true),
        (Service::Iam, "GetRole", true),
        (Service::Sts, "GetSessionToken", false),
        (Service::Sts, "AssumeRole", false),
        (Service::Events, "TestEventPattern", false),
        (Service::Ec2, "AuthorizeSecurityGroupIngress", false),
    ];
    for (service, event_name, wanted) in table {
        assert_eq!(is_read_only_on_the_bus(&record(service, "us-east-1", event_name, true)), wanted, "{event_name}");
    }
}

#[tokio::test]
async fn no_trail_has_insights() {
    let client = Client::new();
    client.trail("watched").await;
    let refused = client.cloudtrail("GetInsightSelectors", json!({ "TrailName": "watched" })).await.unwrap_err();
    let arn = "arn:aws:cloudtrail:ap-northeast-2:111122223333:trail/watched";
    assert!(refused.starts_with(&format!("InsightNotEnabledException: Trail {arn} does not have")), "{refused}");
    let put = |selectors: Value| {
        client.cloudtrail("PutInsightSelectors", json!({ "TrailName": "watched", "InsightSelectors": selectors }))
    };
    put(json!([])).await.unwrap();
    let refused = put(json!([{ "InsightType": "ApiCallRateInsight" }])).await.unwrap_err();
    assert!(refused.starts_with("NotImplemented: "), "{refused}");
}
