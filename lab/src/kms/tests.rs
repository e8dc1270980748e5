use std::net::Ipv4Addr;

use axum::http::{HeaderMap, Method, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Kms;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::identity::Identity;
use crate::scope::Scope;

fn ask_as(kms: &Kms, access_key: &str, operation: &str, input: Value) -> Result<Value, AwsError> {
    let identity = Identity::of_unknown_key(access_key);
    let call = Call {
        service: Service::Kms,
        operation: operation.to_owned(),
        scope: Scope::new(identity.account.clone(), "ap-northeast-2"),
        identity,
        request_id: "r".to_owned(),
        time: Timestamp::now(),
        source_ip: Ipv4Addr::LOCALHOST.into(),
        user_agent: String::new(),
        host: "lab:1".to_owned(),
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers: HeaderMap::new(),
        body: Bytes::from(input.to_string()),
        labels: Vec::new(),
        params: Node::default(),
    };
    Ok(serde_json::from_slice(&kms.call(&call)?.body).unwrap())
}

fn ask(kms: &Kms, operation: &str, input: Value) -> Result<Value, AwsError> {
    ask_as(kms, "test", operation, input)
}

fn create(kms: &Kms, input: Value) -> Value {
    ask(kms, "CreateKey", input).unwrap()["KeyMetadata"].take()
}

#[test]
fn a_key_encrypts_what_only_it_decrypts() {
    let kms = Kms::default();
    let (key, other) = (create(&kms, json!({})), create(&kms, json!({})));
    ask(&kms, "CreateAlias", json!({ "AliasName": "alias/alarm", "TargetKeyId": key["KeyId"] })).unwrap();
    let context = json!({ "topic": "alarm" });
    let plaintext = STANDARD.encode("port 22");
    let input = json!({ "KeyId": "alias/alarm", "Plaintext": plaintext, "EncryptionContext": context });
    let sealed = ask(&kms, "Encrypt", input).unwrap();
    assert_eq!(sealed["KeyId"], key["Arn"]);
    let blob = &sealed["CiphertextBlob"];
    let opened = ask(&kms, "Decrypt", json!({ "CiphertextBlob": blob, "EncryptionContext": context })).unwrap();
    assert_eq!((&opened["Plaintext"], &opened["KeyId"]), (&json!(plaintext), &key["Arn"]));

    let refused = |input: Value| ask(&kms, "Decrypt", input).unwrap_err().code.into_owned();
    assert_eq!(refused(json!({ "CiphertextBlob": blob })), "InvalidCiphertextException", "without the context");
    let with_other = json!({ "CiphertextBlob": blob, "EncryptionContext": context, "KeyId": other["KeyId"] });
    assert_eq!(refused(with_other), "IncorrectKeyException");
    assert_eq!(refused(json!({ "CiphertextBlob": STANDARD.encode("made up") })), "InvalidCiphertextException");

    let moved = json!({
        "CiphertextBlob": blob, "SourceEncryptionContext": context, "DestinationKeyId": other["Arn"],
    });
    let moved = ask(&kms, "ReEncrypt", moved).unwrap();
    let opened = ask(&kms, "Decrypt", json!({ "CiphertextBlob": moved["CiphertextBlob"] })).unwrap();
    assert_eq!((&opened["Plaintext"], &opened["KeyId"]), (&json!(plaintext), &other["Arn"]));

    let data = ask(&kms, "GenerateDataKey", json!({ "KeyId": key["KeyId"], "KeySpec": "AES_256" })).unwrap();
    let opened = ask(&kms, "Decrypt", json!({ "CiphertextBlob": data["CiphertextBlob"] })).unwrap();
    assert_eq!(opened["Plaintext"], data["Plaintext"]);
    assert_eq!(STANDARD.decode(data["Plaintext"].as_str().unwrap()).unwrap().len(), 32);
}

#[test]
fn only_an_enabled_key_can_be_used() {
    let kms = Kms::default();
    let key = json!({ "KeyId": create(&kms, json!({}))["KeyId"] });
    let encrypt = || {
        let input = json!({ "KeyId": key["KeyId"], "Plaintext": STANDARD.encode("x") });
        ask(&kms, "Encrypt", input).map(drop).map_err(|error| error.code.into_owned())
    };
    let state = || ask(&kms, "DescribeKey", key.clone()).unwrap()["KeyMetadata"]["KeyState"].take();
    ask(&kms, "DisableKey", key.clone()).unwrap();
    assert_eq!(encrypt().unwrap_err(), "DisabledException");
    ask(&kms, "EnableKey", key.clone()).unwrap();
    encrypt().unwrap();
    let scheduled =
        ask(&kms, "ScheduleKeyDeletion", json!({ "KeyId": key["KeyId"], "PendingWindowInDays": 7 })).unwrap();
    assert_eq!((&scheduled["KeyState"], &scheduled["PendingWindowInDays"]), (&json!("PendingDeletion"), &json!(7)));
    assert_eq!(encrypt().unwrap_err(), "KMSInvalidStateException");
    assert_eq!(ask(&kms, "EnableKey", key.clone()).unwrap_err().code, "KMSInvalidStateException");
    ask(&kms, "CancelKeyDeletion", key.clone()).unwrap();
    assert_eq!(state(), "Disabled", "it must be enabled by hand");
}

#[test]
fn the_policy_of_a_key_is_the_whole_answer() {
    let kms = Kms::default();
    let key = create(&kms, json!({ "Description": "alarms" }));
    let id = &key["KeyId"];
    let foreign = |operation: &str| {
        ask_as(&kms, "111122223333", operation, json!({ "KeyId": key["Arn"], "Plaintext": STANDARD.encode("x") }))
    };
    assert_eq!(foreign("Encrypt").unwrap_err().code, "AccessDeniedException");
    let policy = |statement: Value| json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let lockout = policy(json!({
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "kms:*", "Resource": "*",
    }));
    let error = ask(&kms, "PutKeyPolicy", json!({ "KeyId": id, "Policy": lockout })).unwrap_err();
    assert_eq!(error.message, "The new key policy will not allow you to update the key policy in the future.");
    let broken = ask(&kms, "PutKeyPolicy", json!({ "KeyId": id, "Policy": "{" })).unwrap_err();
    assert_eq!(broken.code, "MalformedPolicyDocumentException");
    let both = policy(json!({
        "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::000000000000:root"] },
    }));
    ask(&kms, "PutKeyPolicy", json!({ "KeyId": id, "Policy": both })).unwrap();
    foreign("Encrypt").unwrap();
    assert_eq!(ask(&kms, "GetKeyPolicy", json!({ "KeyId": id })).unwrap()["Policy"], both);

    let managed = ask(&kms, "DescribeKey", json!({ "KeyId": "alias/aws/sns" })).unwrap()["KeyMetadata"].take();
    assert_eq!(managed["KeyManager"], "AWS");
    let encrypt = json!({ "KeyId": "alias/aws/sns", "Plaintext": STANDARD.encode("x") });
    assert_eq!(ask(&kms, "Encrypt", encrypt).unwrap_err().code, "AccessDeniedException");
    let put = json!({ "KeyId": managed["KeyId"], "Policy": both });
    assert_eq!(ask(&kms, "PutKeyPolicy", put).unwrap_err().code, "AccessDeniedException");
}

#[test]
fn aliases_move_and_lists_have_pages() {
    let kms = Kms::default();
    let keys: Vec<Value> =
        (0..3).map(|_| create(&kms, json!({ "Tags": [{ "TagKey": "run", "TagValue": "1" }] }))).collect();
    let alias = |operation: &str, key: &Value| {
        ask(&kms, operation, json!({ "AliasName": "alias/a", "TargetKeyId": key["KeyId"] }))
    };
    assert_eq!(alias("UpdateAlias", &keys[0]).unwrap_err().code, "NotFoundException");
    alias("CreateAlias", &keys[0]).unwrap();
    assert_eq!(alias("CreateAlias", &keys[1]).unwrap_err().code, "AlreadyExistsException");
    alias("UpdateAlias", &keys[1]).unwrap();
    let listed = ask(&kms, "ListAliases", json!({ "KeyId": keys[1]["KeyId"] })).unwrap();
    assert_eq!(listed["Aliases"][0]["AliasArn"], "arn:aws:kms:ap-northeast-2:000000000000:alias/a");
    let first = ask(&kms, "ListKeys", json!({ "Limit": 2 })).unwrap();
    assert_eq!((first["Keys"].as_array().unwrap().len(), &first["Truncated"]), (2, &json!(true)));
    let last = ask(&kms, "ListKeys", json!({ "Limit": 2, "Marker": first["NextMarker"] })).unwrap();
    assert_eq!((last["Keys"].as_array().unwrap().len(), &last["Truncated"]), (1, &json!(false)));
    let tags = ask(&kms, "ListResourceTags", json!({ "KeyId": keys[0]["KeyId"] })).unwrap();
    assert_eq!(tags["Tags"], json!([{ "TagKey": "run", "TagValue": "1" }]));
    ask(&kms, "DeleteAlias", json!({ "AliasName": "alias/a" })).unwrap();
    assert_eq!(ask(&kms, "DescribeKey", json!({ "KeyId": "alias/a" })).unwrap_err().code, "NotFoundException");
}

#[test]
fn what_is_not_there_is_refused_by_name() {
    let kms = Kms::default();
    for (operation, input, wanted) in [
        ("CreateKey", json!({ "KeyUsage": "SIGN_VERIFY" }), "keys with the KeyUsage SIGN_VERIFY"),
        ("CreateKey", json!({ "KeySpec": "RSA_2048" }), "keys with the KeySpec RSA_2048"),
        ("CreateKey", json!({ "MultiRegion": true }), "the parameter MultiRegion of kms:CreateKey"),
        ("CreateGrant", json!({}), "the operation kms:CreateGrant"),
        ("Encrypt", json!({ "KeyId": "k", "Plaintext": "eA==", "GrantTokens": ["t"] }), "the parameter GrantTokens"),
        ("Encrypt", json!({ "KeyId": "k", "Plaintext": "eA==", "Colour": 1 }), "the parameter Colour of kms:Encrypt"),
    ] {
        let error = ask(&kms, operation, input).unwrap_err();
        assert_eq!(error.status, 501);
        assert!(error.message.contains(wanted), "{operation}: {}", error.message);
    }
    let missing = ask(&kms, "DescribeKey", json!({ "KeyId": "0d6cb3c2-0000-4000-8000-000000000000" })).unwrap_err();
    assert_eq!(missing.code, "NotFoundException");
    for (alias, target, wanted) in [
        ("a", "x", "Alias must start with the prefix \"alias/\". Please see "),
        ("alias/a!", "x", "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"),
        ("alias/a:b", "x", "alias/a:b contains invalid characters for an alias"),
        ("alias/a", "alias/b", "Aliases must refer to keys. Not aliases"),
    ] {
        let error = ask(&kms, "CreateAlias", json!({ "AliasName": alias, "TargetKeyId": target })).unwrap_err();
        assert_eq!(error.code, "ValidationException");
        assert!(error.message.contains(wanted), "{error}");
    }
    let encrypt = |plaintext: &[u8]| json!({ "KeyId": "k", "Plaintext": STANDARD.encode(plaintext) });
    for (plaintext, wanted) in [(vec![], "greater than or equal to 1"), (vec![0; 4097], "less than or equal to 4096")] {
        let error = ask(&kms, "Encrypt", encrypt(&plaintext)).unwrap_err();
        let at =
            "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length";
        assert_eq!(error.message, format!("{at} {wanted}"));
    }
}
