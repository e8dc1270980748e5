//! The older protocol of SQS, which SDKs before the end of 2023 and the AWS CLI before 1.29.81 speak: form-encoded
//! parameters, answers in XML.
//!
//! It is translated at the door: the service and CloudTrail see the JSON that a newer client would have sent, and the answer
//! is translated back. Lists are flat (`AttributeName.1`), and have names of their own on either side.
//!
//! Source: "Making Query API requests" in the Amazon SQS Developer Guide, and the service's model of that time.

use bytes::Bytes;
use quick_xml::escape::escape;
use serde_json::{Map, Value};

use super::error::query_code;
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;

/// The namespace of the answers.
const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// What a parameter is in JSON.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Text,
    Number,
    /// `Name.1`, `Name.2`.
    List,
    /// `Name.1.Name` and `Name.1.Value`, or `Key`: a map, perhaps of structures.
    Map,
    /// A list of structures.
    Entries,
}

/// The parameters whose names or shapes differ: in a form, in JSON.
const PARAMETERS: &[(&str, &str, Shape)] = &[
    ("AttributeName", "AttributeNames", Shape::List),
    ("MessageAttributeName", "MessageAttributeNames", Shape::List),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames", Shape::List),
    ("AWSAccountId", "AWSAccountIds", Shape::List),
    ("ActionName", "Actions", Shape::List),
    ("TagKey", "TagKeys", Shape::List),
    ("Attribute", "Attributes", Shape::Map),
    ("MessageAttribute", "MessageAttributes", Shape::Map),
    ("MessageSystemAttribute", "MessageSystemAttributes", Shape::Map),
    ("Tag", "Tags", Shape::Map),
    ("SendMessageBatchRequestEntry", "Entries", Shape::Entries),
    ("DeleteMessageBatchRequestEntry", "Entries", Shape::Entries),
    ("ChangeMessageVisibilityBatchRequestEntry", "Entries", Shape::Entries),
    // An empty list goes by the name that it has in the model.
    ("Entries", "Entries", Shape::Entries),
    ("DelaySeconds", "DelaySeconds", Shape::Number),
    ("VisibilityTimeout", "VisibilityTimeout", Shape::Number),
    ("MaxNumberOfMessages", "MaxNumberOfMessages", Shape::Number),
    ("WaitTimeSeconds", "WaitTimeSeconds", Shape::Number),
    ("MaxResults", "MaxResults", Shape::Number),
    ("MaxNumberOfMessagesPerSecond", "MaxNumberOfMessagesPerSecond", Shape::Number),
];

/// The JSON body of a form. The oldest clients name the queue by the path that they call.
pub(crate) fn to_json(operation: &str, params: &Node, path: &str) -> Bytes {
    let mut input = members(params);
    if path.trim_matches('/').split('/').count() == 2 && !input.contains_key("QueueUrl") {
        input.insert("QueueUrl".into(), path.trim_matches('/').into());
    }
    // The one name in the model that begins with a small letter.
    if operation == "CreateQueue"
        && let Some(tags) = input.remove("Tags")
    {
        input.insert("tags".into(), tags);
    }
    Value::Object(input).to_string().into()
}

fn members(node: &Node) -> Map<String, Value> {
    let Node::Branch(children) = node else { return Map::new() };
    let member = |(name, child): (&String, &Node)| {
        let known = PARAMETERS.iter().find(|(form, _, _)| form == name);
        let (name, shape) = known.map_or((name.as_str(), Shape::Text), |(_, json, shape)| (json, *shape));
        (name.to_owned(), value(child, shape))
    };
    children.iter().map(member).collect()
}

/// A value in its shape. One that is not of its shape stays what it is, so that the service refuses it by name.
fn value(node: &Node, shape: Shape) -> Value {
    let elements = || node.elements().unwrap_or_default();
    match (shape, node) {
        (Shape::Number, Node::Leaf(text)) => text.parse::<i64>().map_or_else(|_| text.clone().into(), Value::from),
        (Shape::List, _) => elements().into_iter().map(|element| value(element, Shape::Text)).collect(),
        (Shape::Map, _) => elements().into_iter().filter_map(pair).collect::<Map<_, _>>().into(),
        (Shape::Entries, _) => elements().into_iter().map(members).map(Value::Object).collect(),
        (_, Node::Leaf(text)) => text.clone().into(),
        (_, Node::Branch(_)) => Value::Object(members(node)),
    }
}

fn pair(entry: &Node) -> Option<(String, Value)> {
    let name = entry.text("Name").or_else(|| entry.text("Key"))?;
    Some((name.to_owned(), value(entry.get("Value")?, Shape::Text)))
}

/// An answer in XML, from the JSON that the service gave.
pub(crate) fn answer(operation: &str, request_id: &str, json: &[u8]) -> String {
    let mut content = String::new();
    if let Ok(Value::Object(output)) = serde_json::from_slice(json) {
        for (name, value) in &output {
            write(&mut content, operation, name, value);
        }
    }
    format!(
        "<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>{content}</{operation}Result><ResponseMetadata>\
         <RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
}

/// A member of an answer: lists and maps become as many elements of a singular name.
fn write(out: &mut String, operation: &str, name: &str, value: &Value) {
    let entry = format!("{operation}ResultEntry");
    let single = match name {
        "QueueUrls" | "queueUrls" => "QueueUrl",
        "Attributes" => "Attribute",
        "MessageAttributes" => "MessageAttribute",
        "Tags" => "Tag",
        "Messages" => "Message",
        "Results" => "Result",
        "Successful" => &entry,
        "Failed" => "BatchResultErrorEntry",
        other => other,
    };
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| element_of(out, operation, single, element)),
        Value::Object(members) if single != name => {
            let key = if name == "Tags" { "Key" } else { "Name" };
            for (member, value) in members {
                out.push_str(&format!("<{single}><{key}>{}</{key}>", escape(member.as_str())));
                element_of(out, operation, "Value", value);
                out.push_str(&format!("</{single}>"));
            }
        }
        value => element_of(out, operation, single, value),
    }
}

fn element_of(out: &mut String, operation: &str, name: &str, value: &Value) {
    out.push_str(&format!("<{name}>"));
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| write(out, operation, name, value)),
        // A carriage return would be read as a line feed, and the body's digest would not fit.
        Value::String(text) => out.push_str(&escape(text.as_str()).replace('\r', "&#xD;")),
        other => out.push_str(&other.to_string()),
    }
    out.push_str(&format!("</{name}>"));
}

/// A refusal in XML, with the code of that time.
pub(crate) fn refusal(request_id: &str, error: &AwsError) -> String {
    let kind = if error.is_client_fault() { "Sender" } else { "Receiver" };
    // The older protocol has words of its own for this.
    let message = match error.code.as_ref() {
        "QueueDoesNotExist" => "The specified queue does not exist for this wsdl version.",
        _ => error.message.as_str(),
    };
    let (code, message) = (query_code(&error.code), escape(message));
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message>\
         <Detail/></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(operation: &str, form: &str) -> Value {
        let params = Node::parse(form.as_bytes()).unwrap();
        serde_json::from_slice(&to_json(operation, &params, "/000000000000/q")).unwrap()
    }

    #[test]
    fn a_form_becomes_what_a_newer_client_sends() {
        let form = "QueueUrl=u&MessageBody=m&DelaySeconds=5&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=\
                    String&MessageAttribute.1.Value.StringValue=x";
        let attribute = json!({ "DataType": "String", "StringValue": "x" });
        let wanted = json!({
            "QueueUrl": "u", "MessageBody": "m", "DelaySeconds": 5, "MessageAttributes": { "a": attribute },
        });
        assert_eq!(read("SendMessage", form), wanted);
        let form = "SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.DelaySeconds=1";
        let wanted = json!({ "Entries": [{ "Id": "a", "DelaySeconds": 1 }], "QueueUrl": "000000000000/q" });
        assert_eq!(read("SendMessageBatch", form), wanted);
        let form = "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=3&Tag.1.Key=k&Tag.1.Value=v&QueueUrl=";
        let created = read("CreateQueue", form);
        assert_eq!((&created["Attributes"], &created["tags"]), (&json!({ "DelaySeconds": "3" }), &json!({ "k": "v" })));
        assert_eq!(read("TagQueue", "QueueUrl=u&Tag.1.Key=k&Tag.1.Value=v")["Tags"], json!({ "k": "v" }));
        assert_eq!(read("SendMessageBatch", "QueueUrl=u&Entries=")["Entries"], json!([]));
    }

    #[test]
    fn an_answer_has_the_names_of_that_time() {
        let json = json!({ "Messages": [{ "Body": "a<b\r\n", "Attributes": { "SenderId": "s" } }] }).to_string();
        let xml = answer("ReceiveMessage", "r", json.as_bytes());
        let message =
            "<Message><Body>a&lt;b&#xD;\n</Body><Attribute><Name>SenderId</Name><Value>s</Value></Attribute></Message>";
        assert!(xml.contains(&format!("<ReceiveMessageResult>{message}</ReceiveMessageResult>")), "{xml}");
        let json = json!({ "Successful": [{ "Id": "1" }], "Failed": [{ "Id": "2", "SenderFault": true }] }).to_string();
        let xml = answer("DeleteMessageBatch", "r", json.as_bytes());
        assert!(xml.contains("<DeleteMessageBatchResultEntry><Id>1</Id></DeleteMessageBatchResultEntry>"), "{xml}");
        assert!(xml.contains("<BatchResultErrorEntry><Id>2</Id><SenderFault>true</SenderFault>"), "{xml}");
    }
}
