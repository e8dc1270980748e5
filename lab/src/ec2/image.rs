//! Machine images: the Amazon Linux ones that people look up, and any other id taken on trust.
//!
//! The lab runs no machine, so `RunInstances` takes every well-formed image id and every `resolve:ssm:` alias.
//! `DescribeImages` knows the few images below; their ids differ between Regions as they do in AWS, and do not change.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::dry_run_ends;
use super::filter::{Described, Filter};
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The account that owns Amazon's Linux images.
const AMAZON_LINUX_OWNER: &str = "137112412989";

/// What an alias of the parameter store begins with.
const SSM_ALIAS: &str = "resolve:ssm:";

/// The directory of the public parameters for Amazon Linux.
const PUBLIC_PARAMETERS: &str = "/aws/service/ami-amazon-linux-latest/";

/// Name, architecture, description, date, and the public parameters that resolve to it.
const CATALOGUE: &[(&str, &str, &str, &str, &[&str])] = &[
    (
        "al2023-ami-2023.9.20251020.0-kernel-6.1-x86_64",
        "x86_64",
        "Amazon Linux 2023 AMI 2023.9.20251020.0 x86_64 HVM kernel-6.1",
        "2025-10-17T18:45:28.000Z",
        &["al2023-ami-kernel-default-x86_64", "al2023-ami-kernel-6.1-x86_64"],
    ),
    (
        "al2023-ami-2023.9.20251020.0-kernel-6.1-arm64",
        "arm64",
        "Amazon Linux 2023 AMI 2023.9.20251020.0 arm64 HVM kernel-6.1",
        "2025-10-17T18:45:31.000Z",
        &["al2023-ami-kernel-default-arm64", "al2023-ami-kernel-6.1-arm64"],
    ),
    (
        "al2023-ami-minimal-2023.9.20251020.0-kernel-6.1-x86_64",
        "x86_64",
        "Amazon Linux 2023 AMI 2023.9.20251020.0 x86_64 Minimal HVM kernel-6.1",
        "2025-10-17T18:45:29.000Z",
        &["al2023-ami-minimal-kernel-default-x86_64", "al2023-ami-minimal-kernel-6.1-x86_64"],
    ),
    (
        "amzn2-ami-kernel-5.10-hvm-2.0.20251014.0-x86_64-gp2",
        "x86_64",
        "Amazon Linux 2 Kernel 5.10 AMI 2.0.20251014.0 x86_64 HVM gp2",
        "2025-10-13T19:01:55.000Z",
        &["amzn2-ami-kernel-5.10-hvm-x86_64-gp2", "amzn2-ami-hvm-x86_64-gp2"],
    ),
];

/// An image of the catalogue, as it is called in one Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) id: String,
    name: &'static str,
    pub(super) architecture: &'static str,
    description: &'static str,
    created: &'static str,
    parameters: &'static [&'static str],
}

fn catalogue(region: &str) -> Vec<Image> {
    let image = |&(name, architecture, description, created, parameters): &_| Image {
        id: id_for(region, name),
        name,
        architecture,
        description,
        created,
        parameters,
    };
    CATALOGUE.iter().map(image).collect()
}

/// An image id for a name: always the same in one Region.
fn id_for(region: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("{region}/{name}"));
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("ami-0{digits}")
}

/// The image of the catalogue with this id.
pub(super) fn find(region: &str, id: &str) -> Option<Image> {
    catalogue(region).into_iter().find(|image| image.id == id)
}

/// The image id that a launch means: an id, or an alias of the parameter store.
pub(super) fn resolve(region: &str, id: &str) -> Result<String, AwsError> {
    let Some(alias) = id.strip_prefix(SSM_ALIAS) else {
        Kind::Image.check(id)?;
        return Ok(id.to_owned());
    };
    let known = alias
        .strip_prefix(PUBLIC_PARAMETERS)
        .and_then(|name| catalogue(region).into_iter().find(|image| image.parameters.contains(&name)));
    Ok(known.map_or_else(|| id_for(region, alias), |image| image.id))
}

impl Described for Image {
    const FILTERS: &'static [&'static str] = &[
        "architecture",
        "creation-date",
        "description",
        "ena-support",
        "hypervisor",
        "image-id",
        "image-type",
        "is-public",
        "name",
        "owner-alias",
        "owner-id",
        "platform-details",
        "root-device-name",
        "root-device-type",
        "state",
        "virtualization-type",
    ];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, _: &Region) -> Vec<String> {
        image_values(self, filter)
    }
}

fn image_values(image: &Image, filter: &str) -> Vec<String> {
    let value = match filter {
        "architecture" => image.architecture,
        "creation-date" => image.created,
        "description" => image.description,
        "ena-support" | "is-public" => "true",
        "hypervisor" => "xen",
        "image-id" => &image.id,
        "image-type" => "machine",
        "name" => image.name,
        "owner-alias" => "amazon",
        "owner-id" => AMAZON_LINUX_OWNER,
        "platform-details" => "Linux/UNIX",
        "root-device-name" => "/dev/xvda",
        "root-device-type" => "ebs",
        "state" => "available",
        "virtualization-type" => "hvm",
        _ => return Vec::new(),
    };
    vec![value.to_owned()]
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    image_id: Vec<String>,
    #[serde(default)]
    owner: Vec<String>,
    #[serde(default)]
    executable_by: Vec<String>,
    #[serde(rename = "IncludeDeprecated")]
    _include_deprecated: Option<bool>,
    #[serde(rename = "IncludeDisabled")]
    _include_disabled: Option<bool>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    images_set: Vec<ImageItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageItem {
    image_id: String,
    image_location: String,
    image_state: &'static str,
    image_owner_id: &'static str,
    image_owner_alias: &'static str,
    creation_date: &'static str,
    is_public: bool,
    architecture: &'static str,
    image_type: &'static str,
    name: &'static str,
    description: &'static str,
    root_device_type: &'static str,
    root_device_name: &'static str,
    virtualization_type: &'static str,
    hypervisor: &'static str,
    ena_support: bool,
    platform_details: &'static str,
    usage_operation: &'static str,
}

impl ImageItem {
    fn of(image: &Image) -> Self {
        Self {
            image_id: image.id.clone(),
            image_location: format!("amazon/{}", image.name),
            image_state: "available",
            image_owner_id: AMAZON_LINUX_OWNER,
            image_owner_alias: "amazon",
            creation_date: image.created,
            is_public: true,
            architecture: image.architecture,
            image_type: "machine",
            name: image.name,
            description: image.description,
            root_device_type: "ebs",
            root_device_name: "/dev/xvda",
            virtualization_type: "hvm",
            hypervisor: "xen",
            ena_support: true,
            platform_details: "Linux/UNIX",
            usage_operation: "RunInstances",
        }
    }
}

/// `DescribeImages`.
pub(super) fn describe(call: &Call) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    Kind::Image.check_all(&input.image_id)?;
    let images = catalogue(&call.scope.region);
    if let Some(absent) = input.image_id.iter().find(|id| !images.iter().any(|image| image.id == **id)) {
        return Err(Kind::Image.not_found(absent));
    }
    super::filter::check::<Image>(&input.filter)?;
    dry_run_ends(input.dry_run)?;
    let is_owned = |owner: &String| owner == "amazon" || owner == AMAZON_LINUX_OWNER;
    let is_wanted = |image: &&Image| {
        (input.image_id.is_empty() || input.image_id.contains(&image.id))
            && (input.owner.is_empty() || input.owner.iter().any(is_owned))
            && (input.executable_by.is_empty() || input.executable_by.iter().any(|who| who == "all"))
            && input.filter.iter().all(|filter| filter.is_met_by(&image_values(image, filter.name())))
    };
    let images = images.iter().filter(is_wanted).collect();
    let page = page(images, input.max_results, input.next_token.as_deref(), (1, 1000))?;
    let images_set = page.items.into_iter().map(ImageItem::of).collect();
    call.reply(&Output { images_set, next_token: page.next_token })
}
