//! What `CreateFunction` refuses, in AWS's words, and that nothing is left of it.

use super::*;

async fn refused(client: &Client, changes: Value) -> String {
    let refused = client.create_with("alarm", changes).await.unwrap_err();
    assert!(client.get("/alarm").await.is_err(), "a refused function exists: {refused}");
    refused
}

#[tokio::test]
async fn a_name_is_of_letters_digits_and_two_signs_and_at_most_64_long() {
    let client = Client::new().await;
    for name in ["", "a.b", "a b", "alarm:1:2", "arn:aws:sns:ap-northeast-2:111122223333:function:f"] {
        let refused = client.create_with(name, json!({})).await.unwrap_err();
        assert!(refused.starts_with("400 ValidationException: 1 validation error detected: Value '"), "{refused}");
        assert!(refused.contains("at 'functionName'"), "{refused}");
    }
    let refused = client.create_with(&"n".repeat(65), json!({})).await.unwrap_err();
    assert!(refused.ends_with("Member must have length less than or equal to 64"), "{refused}");
    client.create(&"n".repeat(64)).await;
}

#[tokio::test]
async fn runtime_and_handler_are_needed_and_known() {
    let client = Client::new().await;
    let needed = "400 InvalidParameterValueException: Runtime and Handler are mandatory parameters for functions created \
                  with deployment packages.";
    assert_eq!(refused(&client, json!({ "Runtime": null })).await, needed);
    assert_eq!(refused(&client, json!({ "Handler": null })).await, needed);
    let unknown = refused(&client, json!({ "Runtime": "python2.7" })).await;
    assert!(unknown.starts_with("400 InvalidParameterValueException: ") && unknown.contains("python2.7"), "{unknown}");
    let spaced = refused(&client, json!({ "Handler": "lambda handler" })).await;
    assert!(spaced.contains("Value 'lambda handler' at 'handler'"), "{spaced}");
}

#[tokio::test]
async fn timeout_and_memory_have_bounds() {
    let client = Client::new().await;
    for (changes, constraint) in [
        (
            json!({ "Timeout": 0 }),
            "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            json!({ "Timeout": 901 }),
            "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
        ),
        (
            json!({ "MemorySize": 127 }),
            "Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
        ),
        (
            json!({ "MemorySize": 10_241 }),
            "Value '10241' at 'memorySize' failed to satisfy constraint: Member must have value less than or equal to 10240",
        ),
    ] {
        let expected = format!("400 ValidationException: 1 validation error detected: {constraint}");
        assert_eq!(refused(&client, changes).await, expected);
    }
}

#[tokio::test]
async fn variables_are_not_lambda_s_own_well_named_and_4_kilobytes_at_most() {
    let client = Client::new().await;
    let with = |name: &str, value: &str| json!({ "Environment": { "Variables": { name: value } } });
    let reserved = refused(&client, with("AWS_REGION", "us-east-1")).await;
    assert!(reserved.ends_with("Reserved keys used in this request: AWS_REGION"), "{reserved}");
    let named = refused(&client, with("1X", "x")).await;
    assert!(named.starts_with("400 ValidationException: ") && named.ends_with("(the name is '1X')"), "{named}");
    // {"NAME":"…"} around the value.
    let room = 4096 - r#"{"NAME":""}"#.len();
    let large = refused(&client, with("NAME", &"v".repeat(room + 1))).await;
    assert!(large.ends_with("exceeded the 4KB limit."), "{large}");
    client.create_with("alarm", with("NAME", &"v".repeat(room))).await.unwrap();
}

#[tokio::test]
async fn the_role_is_there_and_lambda_may_assume_it() {
    let client = Client::new().await;
    let unassumable =
        "400 InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.";
    let of_role = |name: &str| json!({ "Role": format!("arn:aws:iam::111122223333:role/{name}") });
    assert_eq!(refused(&client, of_role("missing")).await, unassumable);
    client.role("machine", "ec2.amazonaws.com").await;
    assert_eq!(refused(&client, of_role("machine")).await, unassumable);
    let abroad = refused(&client, json!({ "Role": "arn:aws:iam::999988887777:role/notifier" })).await;
    assert_eq!(abroad, "403 AccessDeniedException: Cross-account pass role is not allowed.");
    let no_arn = refused(&client, json!({ "Role": "notifier" })).await;
    assert!(no_arn.starts_with("400 ValidationException: 1 validation error detected: Value 'notifier' at 'role'"));
}

#[tokio::test]
async fn code_is_a_zip_with_something_in_it() {
    let client = Client::new().await;
    let code = |zip: &str| json!({ "Code": { "ZipFile": zip } });
    let invalid = "400 InvalidParameterValueException: ";
    let broken = refused(&client, code(&BASE64_STANDARD.encode("def lambda_handler(event, context): pass"))).await;
    assert_eq!(
        broken,
        format!("{invalid}Could not unzip uploaded file. Please check your file, then try to upload again.")
    );
    assert_eq!(refused(&client, code(&zip(&[]))).await, format!("{invalid}Uploaded file must be a non-empty zip"));
    assert_eq!(
        refused(&client, json!({ "Code": {} })).await,
        format!("{invalid}Please provide a source for function code.")
    );
    let text = refused(&client, code("no base64!")).await;
    assert!(text.starts_with("400 InvalidRequestContentException: "), "{text}");
}

#[tokio::test]
async fn a_name_that_is_taken_stays_as_it_is() {
    let client = Client::new().await;
    client.create("alarm").await;
    let before = client.get("/alarm/configuration").await.unwrap();
    let refused = client.create_with("alarm", json!({ "Description": "another" })).await.unwrap_err();
    assert_eq!(refused, "409 ResourceConflictException: Function already exist: alarm");
    assert_eq!(client.get("/alarm/configuration").await.unwrap(), before);
}

#[tokio::test]
async fn of_two_creations_of_one_name_at_a_time_one_wins() {
    let client = Client::new().await;
    let (one, other) = tokio::join!(client.create_with("alarm", json!({})), client.create_with("alarm", json!({})));
    assert_eq!([&one, &other].iter().filter(|result| result.is_ok()).count(), 1, "{one:?} {other:?}");
}

/// Spelled-out defaults change nothing; anything else would be ignored silently.
#[tokio::test]
async fn what_the_lab_cannot_is_refused_by_name_and_defaults_are_accepted() {
    let client = Client::new().await;
    for (name, value, default) in unsupported() {
        let error = refused(&client, json!({ name: value })).await;
        let expected = format!("501 NotImplemented: the lab does not support the parameter {name}");
        assert!(error.starts_with(&expected), "{error}");
        client.create_with("alarm", json!({ name: default })).await.unwrap();
        client.delete("/alarm").await.unwrap();
    }
    for (name, value) in [("S3ObjectVersion", "1"), ("ImageUri", "image"), ("SourceKMSKeyArn", "key")] {
        let error = refused(&client, json!({ "Code": { name: value } })).await;
        assert!(
            error.starts_with(&format!("501 NotImplemented: the lab does not support the parameter Code.{name} of"))
        );
    }
    let unknown = refused(&client, json!({ "Tiemout": 3 })).await;
    assert!(unknown.starts_with("400 InvalidRequestContentException: The parameter Tiemout"), "{unknown}");
}

/// A parameter, a value that the lab cannot have, and AWS's default.
pub(super) fn unsupported() -> Vec<(&'static str, Value, Value)> {
    vec![
        ("TracingConfig", json!({ "Mode": "Active" }), json!({ "Mode": "PassThrough" })),
        ("EphemeralStorage", json!({ "Size": 1024 }), json!({ "Size": 512 })),
        ("SnapStart", json!({ "ApplyOn": "PublishedVersions" }), json!({ "ApplyOn": "None" })),
        ("VpcConfig", json!({ "SubnetIds": ["subnet-1"] }), json!({ "SubnetIds": [], "SecurityGroupIds": [] })),
        ("KMSKeyArn", json!("arn:aws:kms:ap-northeast-2:111122223333:key/k"), json!("")),
        ("Layers", json!(["arn:aws:lambda:ap-northeast-2:111122223333:layer:l:1"]), json!([])),
    ]
}
