//! What PutRule refuses, with the words it does so.

use crate::pattern::{Pattern, Reason};

fn refusal(pattern: &str) -> String {
    match Pattern::parse(pattern) {
        Ok(_) => panic!("{pattern} should be refused"),
        Err(error) => error.reason.to_string(),
    }
}

/// Answers of TestEventPattern and of SNS, which passes the matcher's words on, recorded by LocalStack.
#[test]
fn recorded_refusals_have_aws_words() {
    for (pattern, reason) in [
        (r#"["not", "a", "dict"]"#, "Filter is not an object"),
        (r#"{"source": ["aws.health"], "detail": {}}"#, "Empty objects are not allowed"),
        (r#"{"resources": []}"#, "Empty arrays are not allowed"),
        (r#"{"int": 42}"#, "\"int\" must be an object or an array"),
        (r#"{"string": "my-value"}"#, "\"string\" must be an object or an array"),
        (r#"{"key":[["value"]]}"#, "Match value must be String, number, true, false, or null"),
        (r#"{"my_key": [{"EXISTS": true}]}"#, "Unrecognized match type EXISTS"),
        (r#"{"key":[{"suffix":"a","prefix":"b"}]}"#, "Only one key allowed in match expression"),
        (r#"{"key":[{"exists":"no"}]}"#, "exists match pattern must be either true or false."),
        (r#"{"time": [{"prefix": 123}]}"#, "prefix match pattern must be a string"),
        (r#"{"FileName": [{"suffix": [".png"]}]}"#, "suffix match pattern must be a string"),
        (r#"{"a": [{"equals-ignore-case": ["x"]}]}"#, "equals-ignore-case match pattern must be a string"),
        (r#"{"a": [{"wildcard": 123}]}"#, "wildcard match pattern must be a string"),
        (
            r#"{"a": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}"#,
            "Consecutive wildcard characters at pos 26",
        ),
        (
            r#"{"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}"#,
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a \
             wildcard character",
        ),
        (r#"{"a": [{"cidr": ["x"]}]}"#, "prefix match pattern must be a string"),
        (r#"{"a": [{"cidr": "bad-filter"}]}"#, "Malformed CIDR, one '/' required"),
        (r#"{"a": [{"cidr": "10.0.0.0/xx"}]}"#, "Malformed CIDR, mask bits must be an integer"),
        (r#"{"a": [{"cidr": "xx.11.xx/8"}]}"#, "Nonstandard IP address: xx.11.xx"),
        (r#"{"a": [{"cidr": "xxxx:db8:1234:1a00::/64"}]}"#, "Nonstandard IP address: xxxx:db8:1234:1a00::"),
    ] {
        assert_eq!(refusal(pattern), reason, "{pattern}");
    }
}

#[test]
fn recorded_refusals_of_numeric_and_anything_but_have_aws_words() {
    let in_key = |entry: &str| format!(r#"{{"key":[{entry}]}}"#);
    for (entry, reason) in [
        (r#"{"NUMERIC": ["=", 5]}"#, "Unrecognized match type NUMERIC"),
        (r#"{"numeric":[]}"#, "Invalid member in numeric match: ]"),
        (r#"{"numeric":["operator"]}"#, "Unrecognized numeric range operator: operator"),
        (r#"{"numeric":[1,"<="]}"#, "Invalid member in numeric match: 1"),
        (r#"{"numeric":["=","000"]}"#, "Value of equals must be numeric"),
        (r#"{"numeric":[">="]}"#, "Value of >= must be numeric"),
        (r#"{"numeric":["<",100,">",10]}"#, "Too many elements in numeric expression"),
        (r#"{"numeric":[">=",1,">",2]}"#, "Bad numeric range operator: >"),
        (r#"{"numeric":[">",3,"<",1]}"#, "Bottom must be less than top"),
        (r#"{"numeric":[">",20,"<="]}"#, "Value of <= must be numeric"),
        (r#"{"numeric":[">",20,30]}"#, "Bad value in numeric range: 30"),
        (r#"{"numeric":[">",20,"test"]}"#, "Bad numeric range operator: test"),
        (r#"{"numeric":[">","20","<","30"]}"#, "Value of > must be numeric"),
        (r#"{"numeric":[">",20,"<","30"]}"#, "Value of < must be numeric"),
        (r#"{"numeric":[">",20,"<",30,"<",50]}"#, "Too many terms in numeric range expression"),
        (
            r#"{"anything-but": {"equals-ignore-case": 123}}"#,
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        ),
        (r#"{"anything-but": {"wildcard": [123, "*/dir/*"]}}"#, "wildcard match pattern must be a string"),
        (r#"{"anything-but": {"suffix": 123}}"#, "prefix/suffix match pattern must be a string"),
        (
            r#"{"anything-but": {"prefix": {"equals-ignore-case": "file"}}}"#,
            "Value of anything-but must be an array or single string/number value.",
        ),
    ] {
        assert_eq!(refusal(&in_key(entry)), reason, "{entry}");
    }
}

/// From `JsonRuleCompiler`, `CIDR` and `WildcardParser` of `aws/event-ruler`.
#[test]
fn refusals_of_the_open_matcher() {
    let in_key = |entry: &str| format!(r#"{{"key":[{entry}]}}"#);
    for (entry, reason) in [
        ("{}", "Match expression name not found"),
        (r#"{"exactly": 1}"#, "exact match pattern must be a string"),
        (r#"{"numeric": ["=", 1], "exists": true}"#, "Too many elements in numeric expression"),
        (r#"{"numeric": [">=", 22, "<=", 22]}"#, "Bottom must be less than top"),
        (r#"{"numeric": ["=", 6000000000]}"#, "Value must be between -5.0E9 and 5.0E9, inclusive"),
        (r#"{"numeric": "=", "x": 1}"#, "Value of numeric must be an array."),
        (r#"{"prefix": {}}"#, "Prefix expression name not found"),
        (r#"{"suffix": {"wildcard": "x"}}"#, "Unsupported suffix pattern: wildcard"),
        (r#"{"anything-but": {}}"#, "Anything-But expression name not found"),
        (r#"{"anything-but": {"numeric": ["=", 1]}}"#, "Unsupported anything-but pattern: numeric"),
        (r#"{"anything-but": null}"#, "Value of anything-but must be an array or single string/number value."),
        (r#"{"anything-but": [null]}"#, "Inside anything but list, start|null|boolean is not supported."),
        (
            r#"{"anything-but": ["x", 1]}"#,
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (
            r#"{"anything-but": []}"#,
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (r#"{"anything-but": {"prefix": ""}}"#, "Null prefix/suffix not allowed"),
        (r#"{"wildcard": "a\\b"}"#, "Invalid escape character at pos 2"),
        (r#"{"wildcard": "é\\"}"#, "Invalid escape character at pos 3"),
        (r#"{"cidr": "10.0.0.1/32"}"#, "IPv4 mask bits must be < 32"),
        (r#"{"cidr": "2001:db8::1/128"}"#, "IPv6 mask bits must be < 128"),
        (r#"{"cidr": "10.0.0.1/-1"}"#, "Malformed CIDR, mask bits must not be negative"),
        (r#"{"cidr": "10.0.0.256/8"}"#, "Invalid IP address: 10.0.0.256"),
    ] {
        assert_eq!(refusal(&in_key(entry)), reason, "{entry}");
    }
}

#[test]
fn a_refusal_says_where() {
    let error = Pattern::parse(r#"{"detail": {"a": ["x"], "b": [{"exist": true}]}}"#).unwrap_err();
    assert_eq!(error.path, "detail.b");
    assert_eq!(error.to_string(), "Event pattern is not valid. Reason: Unrecognized match type exist");
}

#[test]
fn a_broken_or_says_why_it_is_no_operator() {
    let error = Pattern::parse(r#"{"$or": [{"source": ["a"]}]}"#).unwrap_err();
    assert_eq!(error.reason, Reason::UnrecognizedMatchType("source".to_owned()));
    assert_eq!(error.or_hint, Some(Reason::OrTooShort));
    assert!(
        error.explained().contains("There must have at least 2 Objects in $or relationship."),
        "{}",
        error.explained()
    );
}

#[test]
fn or_has_at_most_a_thousand_combinations() {
    let or = |members: usize| {
        let members: Vec<String> = (0..members).map(|number| format!(r#"{{"a{number}": [1]}}"#)).collect();
        format!("[{}]", members.join(","))
    };
    let pattern = |first: usize, second: usize| format!(r#"{{"$or": {}, "d": {{"$or": {}}}}}"#, or(first), or(second));
    assert_eq!(Pattern::parse(&pattern(10, 100)).unwrap().alternatives().len(), 1000);
    assert_eq!(Pattern::parse(&pattern(10, 101)).unwrap_err().reason, Reason::OrTooManyCombinations);
}

/// Two patterns with the wildcards that a user of S3 events reports as refused and as accepted.
#[test]
fn wildcards_of_one_field_count_together() {
    let keys = |endings: &[&str]| {
        let entries: Vec<String> =
            endings.iter().map(|ending| format!(r#"{{"wildcard": "*/datasync/*.{ending}"}}"#)).collect();
        format!(r#"{{"detail": {{"object": {{"key": [{}]}}}}}}"#, entries.join(","))
    };
    assert!(Pattern::parse(&keys(&["bif", "tif"])).is_ok());
    assert_eq!(Pattern::parse(&keys(&["bif", "tif", "tiff", "svs"])).unwrap_err().reason, Reason::TooComplex);
}

#[test]
fn a_pattern_has_at_most_4096_characters() {
    let longest = "가".repeat(4096);
    assert!(Pattern::check_length(&longest).is_ok());
    assert_eq!(Pattern::check_length(&format!("{longest}x")).unwrap_err().characters, 4097);
}
