//! EC2 as a caller meets it, one file a noun.

mod around;
mod group;
mod instance;
mod interface;
mod prefix_list;
mod property;
mod rule;

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;

use super::*;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::identity::Identity;
use crate::scope::Scope;

/// A lab's EC2 and one caller.
struct Lab(Ec2);

impl Lab {
    fn new() -> Self {
        Self(Ec2::default())
    }

    fn ask(&self, operation: &str, form: &str) -> Result<String, AwsError> {
        let call = Call {
            service: Service::Ec2,
            operation: operation.to_owned(),
            scope: Scope::new("111122223333", "ap-northeast-2"),
            identity: Identity::of_unknown_key("111122223333"),
            request_id: "0c897921-eded-4cdf-ac2a-c0e5ed5f397d".to_owned(),
            time: "2026-11-24T03:00:00.75Z".parse().unwrap(),
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: "aws-cli/2".to_owned(),
            host: "127.0.0.1:4566".to_owned(),
            method: Method::POST,
            uri: Uri::from_static("/"),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(form.as_bytes()),
            labels: Vec::new(),
            params: Node::parse(form.as_bytes()).unwrap(),
        };
        self.0.call(&call).map(|reply| String::from_utf8(reply.body.to_vec()).unwrap())
    }

    fn does(&self, operation: &str, form: &str) -> String {
        self.ask(operation, form).unwrap_or_else(|error| panic!("{operation} {form}: {error}"))
    }

    /// Code and message of the refusal.
    fn refuses(&self, operation: &str, form: &str) -> String {
        self.ask(operation, form).map_or_else(|error| error.to_string(), |xml| panic!("{operation} {form}: {xml}"))
    }

    fn group(&self, name: &str) -> String {
        one(&self.does("CreateSecurityGroup", &format!("GroupName={name}&GroupDescription=d")), "groupId")
    }

    fn group_in_own_vpc(&self) -> String {
        let vpc = one(&self.does("CreateVpc", "CidrBlock=10.0.0.0/16"), "vpcId");
        one(&self.does("CreateSecurityGroup", &format!("GroupName=own&GroupDescription=d&VpcId={vpc}")), "groupId")
    }

    fn shown(&self, group: &str) -> String {
        self.does("DescribeSecurityGroups", &format!("GroupId.1={group}"))
    }

    fn instance(&self, form: &str) -> String {
        let form = format!("ImageId=ami-0abcdef1234567890&InstanceType=t3.micro&MinCount=1&MaxCount=1&{form}");
        one(&self.does("RunInstances", &form), "instanceId")
    }
}

/// The texts of all elements of this name.
fn all(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(text, _)| text.to_owned()).collect()
}

/// The text of the first element of this name.
fn one(xml: &str, name: &str) -> String {
    all(xml, name).into_iter().next().unwrap_or_else(|| panic!("no {name} in {xml}"))
}

const SSH: &str = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22\
                   &IpPermissions.1.IpRanges.1.CidrIp=203.0.113.0/24";

#[test]
fn what_the_lab_does_not_have_it_refuses_by_name() {
    let error = Lab::new().ask("CreateNatGateway", "SubnetId=subnet-1a2b3c4d").unwrap_err();
    assert_eq!((error.status, error.message.contains("CreateNatGateway")), (501, true));
}
