//! Event selectors: what a trail takes.

use super::*;

#[tokio::test]
async fn selectors_decide_what_is_logged() {
    let client = Client::new();
    client.trail("picky").await;
    let management = |more: Value| {
        let mut fields = vec![json!({ "Field": "eventCategory", "Equals": ["Management"] })];
        fields.extend(more.as_array().unwrap().clone());
        json!({ "AdvancedEventSelectors": [{ "Name": "n", "FieldSelectors": fields }] })
    };
    let data = json!({ "AdvancedEventSelectors": [{ "FieldSelectors": [
        { "Field": "eventCategory", "Equals": ["Data"] },
        { "Field": "resources.type", "Equals": ["AWS::S3::Object"] },
    ] }] });
    // What the trail says of a write event and of a read-only one.
    let table = [
        (json!({ "EventSelectors": [{ "ReadWriteType": "WriteOnly" }] }), None, Some("write events only")),
        (json!({ "EventSelectors": [{ "ReadWriteType": "ReadOnly" }] }), Some("read-only events only"), None),
        (
            json!({ "EventSelectors": [{ "IncludeManagementEvents": false }] }),
            Some("no management events"),
            Some("no management events"),
        ),
        (json!({ "EventSelectors": [{ "ReadWriteType": "ReadOnly" }, { "ReadWriteType": "WriteOnly" }] }), None, None),
        (json!({ "EventSelectors": [{ "ExcludeManagementEventSources": ["kms.amazonaws.com"] }] }), None, None),
        (management(json!([])), None, None),
        (management(json!([{ "Field": "readOnly", "Equals": ["true"] }])), Some("read-only events only"), None),
        (management(json!([{ "Field": "readOnly", "Equals": ["false"] }])), None, Some("write events only")),
        (management(json!([{ "Field": "eventSource", "NotEquals": ["kms.amazonaws.com"] }])), None, None),
        (data, Some("no management events"), Some("no management events")),
    ];
    for (selectors, write, read) in table {
        let mut input = selectors.clone();
        input["TrailName"] = "picky".into();
        client.cloudtrail("PutEventSelectors", input).await.unwrap();
        for (event_name, wanted) in [("DeleteSecurityGroup", write), ("DescribeSecurityGroups", read)] {
            match (reason(&client, event_name).await, wanted) {
                (None, None) => {}
                (Some((Reason::SelectorExcludes, detail)), Some(wanted)) => {
                    assert!(detail.contains("picky") && detail.contains(wanted), "{selectors}: {detail}");
                }
                other => panic!("{selectors} {event_name}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn selectors_that_aws_refuses() {
    let client = Client::new();
    client.trail("picky").await;
    let field = |fields: Value| json!({ "AdvancedEventSelectors": [{ "FieldSelectors": fields }] });
    let management = json!({ "Field": "eventCategory", "Equals": ["Management"] });
    let table = [
        (json!({}), "Specify a valid number of selectors (1 to 5) for your trail."),
        (
            json!({ "EventSelectors": [{}], "AdvancedEventSelectors": [{ "FieldSelectors": [management] }] }),
            "You can select events by using either EventSelectors or AdvancedEventSelectors, but not both.",
        ),
        (
            json!({ "EventSelectors": [{ "DataResources": [{ "Type": "AWS::S3::Bucket", "Values": [] }] }] }),
            "Value AWS::S3::Bucket for DataResources.Type is invalid.",
        ),
        (
            json!({ "EventSelectors": [{ "DataResources": [{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b"] }] }] }),
            "Value arn:aws:s3:::b for DataResources.Values is invalid.",
        ),
        (
            field(json!([management, { "Field": "eventName", "Equals": ["X"] }])),
            "The following field is not allowed when the eventCategory field value equals Management: eventName.",
        ),
        (
            field(json!([{ "Field": "readOnly", "Equals": ["true"] }])),
            "eventCategory with the operator Equals is required",
        ),
        (field(json!([management, { "Field": "readOnly", "Equals": ["yes"] }])), "yes is not a valid value"),
        (
            field(json!([management, { "Field": "eventSource", "NotEquals": ["ec2.amazonaws.com"] }])),
            "ec2.amazonaws.com is not a valid value for the field eventSource.",
        ),
    ];
    for (mut input, wanted) in table {
        input["TrailName"] = "picky".into();
        let refused = client.cloudtrail("PutEventSelectors", input.clone()).await.unwrap_err();
        assert!(
            refused.starts_with("InvalidEventSelectorsException: ") && refused.contains(wanted),
            "{input}: {refused}"
        );
    }
    let untouched = client.cloudtrail("GetEventSelectors", json!({ "TrailName": "picky" })).await.unwrap();
    assert_eq!(
        untouched,
        json!({
            "TrailARN": "arn:aws:cloudtrail:ap-northeast-2:111122223333:trail/picky",
            "EventSelectors": [{
                "ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [],
                "ExcludeManagementEventSources": [],
            }],
        })
    );
    let trail = client.cloudtrail("GetTrail", json!({ "Name": "picky" })).await.unwrap();
    assert_eq!(trail["Trail"]["HasCustomEventSelectors"], false);
}
