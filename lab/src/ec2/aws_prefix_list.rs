//! The prefix lists that AWS manages: rules can name them, and some count as more than one rule.
//!
//! Source: "AWS-managed prefix lists" in the Amazon VPC user guide. The ids of `ap-northeast-2` and `us-east-1` are real
//! ones; those of other Regions, and the addresses of all, are the lab's own.

use sha2::{Digest as _, Sha256};

use super::prefix_list::{Entry, Family, PrefixList, State};

/// Name, weight, addresses, whether it is a gateway's, and the ids in `ap-northeast-2` and `us-east-1`.
type Row = (&'static str, usize, &'static str, bool, [&'static str; 2]);

const LISTS: [Row; 4] = [
    ("REGION.s3", 1, "52.219.60.0/23", true, ["pl-78a54011", "pl-63a5400a"]),
    ("REGION.dynamodb", 1, "52.94.6.0/23", true, ["pl-48a54021", "pl-02cd2c6b"]),
    ("global.cloudfront.origin-facing", 55, "130.176.0.0/17", false, ["pl-22a6434b", "pl-3b927c52"]),
    ("REGION.route53-healthchecks", 25, "15.177.0.0/18", false, ["", ""]),
];

/// The lists that AWS has in a Region.
pub(super) fn lists_of(region: &str) -> Vec<PrefixList> {
    let list = |&(name, weight, cidr, is_gateways, [seoul, virginia]): &Row| {
        let name = format!("com.amazonaws.{}", name.replace("REGION", region));
        let known = match region {
            "ap-northeast-2" => seoul,
            "us-east-1" => virginia,
            _ => "",
        };
        let made = || {
            let digest = Sha256::digest(format!("{region}/{name}"));
            let digits: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            format!("pl-{digits}")
        };
        PrefixList {
            id: if known.is_empty() { made() } else { known.to_owned() },
            name,
            family: Family::Ipv4,
            size: weight,
            versions: vec![vec![Entry { cidr: cidr.to_owned(), description: None }]],
            state: State::CreateComplete,
            state_message: None,
            is_aws: true,
            is_gateways,
        }
    };
    LISTS.iter().map(list).collect()
}
