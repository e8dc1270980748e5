//! `DescribeAccountAttributes`.

use serde::{Deserialize, Serialize};

use super::region::Region;
use super::{dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    attribute_name: Vec<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    account_attribute_set: Vec<Attribute>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    attribute_name: &'static str,
    attribute_value_set: Vec<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    attribute_value: String,
}

/// `DescribeAccountAttributes`, with the values of a new account.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let default_vpc = region.default_vpc().map_or_else(|_| "none".to_owned(), |vpc| vpc.id.clone());
    let attributes = [
        ("supported-platforms", "VPC".to_owned()),
        ("vpc-max-security-groups-per-interface", "5".to_owned()),
        ("max-elastic-ips", "5".to_owned()),
        ("max-instances", "20".to_owned()),
        ("vpc-max-elastic-ips", "5".to_owned()),
        ("default-vpc", default_vpc),
    ];
    for name in &input.attribute_name {
        if !attributes.iter().any(|(known, _)| known == name) {
            return Err(invalid_value(format!("Value ( {name} ) for parameter attributeName is invalid")));
        }
    }
    dry_run_ends(input.dry_run)?;
    let attributes = attributes
        .into_iter()
        .filter(|(name, _)| input.attribute_name.is_empty() || input.attribute_name.iter().any(|wanted| wanted == name))
        .map(|(attribute_name, attribute_value)| Attribute {
            attribute_name,
            attribute_value_set: vec![Value { attribute_value }],
        });
    call.reply(&Output { account_attribute_set: attributes.collect() })
}
