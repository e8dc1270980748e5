//! `DescribeInstanceTypes` and `DescribeInstanceCreditSpecifications`: what a type's name tells.

use serde::{Deserialize, Serialize};

use super::cpu::CpuOptions;
use super::filter::{Described, Filter, select};
use super::page::page;
use super::region::Region;
use super::{combination, dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The types that are listed when nobody names one: a choice of those that workshops use. Others exist, and are described
/// when they are named.
const LISTED: [&str; 16] = [
    "c5.large",
    "c7g.large",
    "m5.large",
    "m5.xlarge",
    "m7g.large",
    "m7i.large",
    "r5.large",
    "t2.medium",
    "t2.micro",
    "t2.small",
    "t3.medium",
    "t3.micro",
    "t3.nano",
    "t3.small",
    "t4g.micro",
    "t4g.small",
];

/// A type of instances.
struct InstanceType {
    name: String,
    cpu: CpuOptions,
}

impl InstanceType {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), cpu: CpuOptions::of(name) }
    }

    fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    fn architecture(&self) -> &'static str {
        if CpuOptions::is_graviton(self.family()) { "arm64" } else { "x86_64" }
    }

    fn hypervisor(&self) -> &'static str {
        if matches!(self.family(), "t1" | "t2" | "m1" | "m3" | "m4" | "c3" | "c4" | "r3" | "r4") {
            "xen"
        } else {
            "nitro"
        }
    }

    fn memory(&self) -> u32 {
        let virtual_cpus = self.cpu.core_count * self.cpu.threads_per_core;
        match (self.family().chars().next(), self.name.split_once('.').map_or("", |(_, size)| size)) {
            (_, "nano") => 512,
            (_, "micro") => 1024,
            (_, "small") => 2048,
            (_, "medium") => 4096,
            (Some('c'), _) => virtual_cpus * 2048,
            (Some('r' | 'x'), _) => virtual_cpus * 8192,
            (_, _) => virtual_cpus * 4096,
        }
    }
}

/// `family.size`, such as `t3.micro` or `u-6tb1.112xlarge`. The lab does not know which of them there are.
pub(super) fn is_instance_type(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let Some((family, size)) = text.split_once('.') else { return false };
    const SIZES: [&str; 6] = ["nano", "micro", "small", "medium", "large", "metal"];
    let is_size = SIZES.contains(&size)
        || size.starts_with("metal-")
        || size.strip_suffix("xlarge").is_some_and(|times| times.bytes().all(|b| b.is_ascii_digit()));
    text.len() <= 64
        && family.starts_with(|c: char| c.is_ascii_lowercase())
        && is_word(family)
        && is_word(size)
        && is_size
}

/// Whether a type earns CPU credits.
pub(super) fn is_burstable(instance_type: &str) -> bool {
    instance_type.starts_with('t')
}

impl Described for InstanceType {
    const FILTERS: &'static [&'static str] = &[
        "bare-metal",
        "burstable-performance-supported",
        "current-generation",
        "free-tier-eligible",
        "hypervisor",
        "instance-type",
        "memory-info.size-in-mib",
        "processor-info.supported-architecture",
        "supported-root-device-type",
        "supported-usage-class",
        "supported-virtualization-type",
        "vcpu-info.default-vcpus",
    ];

    fn id(&self) -> &str {
        &self.name
    }

    fn values(&self, filter: &str, _: &Region) -> Vec<String> {
        vec![match filter {
            "bare-metal" => self.name.contains("metal").to_string(),
            "burstable-performance-supported" => is_burstable(&self.name).to_string(),
            "current-generation" => "true".to_owned(),
            "free-tier-eligible" => matches!(self.name.as_str(), "t2.micro" | "t3.micro").to_string(),
            "hypervisor" => self.hypervisor().to_owned(),
            "memory-info.size-in-mib" => self.memory().to_string(),
            "processor-info.supported-architecture" => self.architecture().to_owned(),
            "supported-root-device-type" => "ebs".to_owned(),
            "supported-usage-class" => return vec!["on-demand".to_owned(), "spot".to_owned()],
            "supported-virtualization-type" => "hvm".to_owned(),
            "vcpu-info.default-vcpus" => (self.cpu.core_count * self.cpu.threads_per_core).to_string(),
            _ => self.name.clone(),
        }]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TypesInput {
    #[serde(default)]
    instance_type: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TypesOutput {
    instance_type_set: Vec<TypeItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TypeItem {
    instance_type: String,
    current_generation: bool,
    free_tier_eligible: bool,
    supported_usage_classes: [&'static str; 2],
    supported_root_device_types: [&'static str; 1],
    supported_virtualization_types: [&'static str; 1],
    bare_metal: bool,
    hypervisor: &'static str,
    processor_info: Processor,
    v_cpu_info: Cpus,
    memory_info: Memory,
    instance_storage_supported: bool,
    burstable_performance_supported: bool,
    hibernation_supported: bool,
    dedicated_hosts_supported: bool,
    auto_recovery_supported: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Processor {
    supported_architectures: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cpus {
    default_v_cpus: u32,
    default_cores: u32,
    default_threads_per_core: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Memory {
    size_in_mi_b: u32,
}

impl TypeItem {
    fn of(one: &InstanceType) -> Self {
        let CpuOptions { core_count, threads_per_core } = one.cpu;
        Self {
            instance_type: one.name.clone(),
            current_generation: true,
            free_tier_eligible: matches!(one.name.as_str(), "t2.micro" | "t3.micro"),
            supported_usage_classes: ["on-demand", "spot"],
            supported_root_device_types: ["ebs"],
            supported_virtualization_types: ["hvm"],
            bare_metal: one.name.contains("metal"),
            hypervisor: one.hypervisor(),
            processor_info: Processor { supported_architectures: [one.architecture()] },
            v_cpu_info: Cpus {
                default_v_cpus: core_count * threads_per_core,
                default_cores: core_count,
                default_threads_per_core: threads_per_core,
            },
            memory_info: Memory { size_in_mi_b: one.memory() },
            instance_storage_supported: false,
            burstable_performance_supported: is_burstable(&one.name),
            hibernation_supported: false,
            dedicated_hosts_supported: !is_burstable(&one.name),
            auto_recovery_supported: true,
        }
    }
}

/// `DescribeInstanceTypes`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: TypesInput = call.input()?;
    if !input.instance_type.is_empty() && input.max_results.is_some() {
        return Err(combination("The parameter InstanceTypes cannot be used with the parameter MaxResults"));
    }
    let wrong: Vec<&str> =
        input.instance_type.iter().map(String::as_str).filter(|name| !is_instance_type(name)).collect();
    if !wrong.is_empty() {
        let message = format!("The following supplied instance types do not exist: [{}]", wrong.join(", "));
        return Err(AwsError::bad_request("InvalidInstanceType", message));
    }
    let types: Vec<InstanceType> = match input.instance_type.as_slice() {
        [] => LISTED.iter().map(|name| InstanceType::new(name)).collect(),
        named => named.iter().map(|name| InstanceType::new(name)).collect(),
    };
    let types = select(region, types.iter(), &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(types, input.max_results, input.next_token.as_deref(), (5, 100))?;
    let instance_type_set = page.items.into_iter().map(TypeItem::of).collect();
    call.reply(&TypesOutput { instance_type_set, next_token: page.next_token })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreditsInput {
    #[serde(default)]
    instance_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    #[serde(rename = "MaxResults")]
    _max_results: Option<i64>,
    #[serde(rename = "NextToken")]
    _next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreditsOutput {
    instance_credit_specification_set: Vec<CreditItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreditItem {
    instance_id: String,
    cpu_credits: String,
}

/// `DescribeInstanceCreditSpecifications`: of burstable instances only.
pub(super) fn describe_credits(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: CreditsInput = call.input()?;
    if let Some(filter) = input.filter.first() {
        return Err(call.unsupported_parameter(&format!("Filter={}", filter.name())));
    }
    region.check_instances(&input.instance_id)?;
    let wanted = |id: &String| input.instance_id.is_empty() || input.instance_id.contains(id);
    let instances: Vec<_> = region.instances.values().filter(|one| wanted(&one.id)).collect();
    if let Some(other) = instances.iter().find(|one| !is_burstable(&one.instance_type) && !input.instance_id.is_empty())
    {
        return Err(invalid_value(format!("The instance '{}' is not of a burstable type.", other.id)));
    }
    dry_run_ends(input.dry_run)?;
    let burstable = instances.into_iter().filter(|one| is_burstable(&one.instance_type));
    let item =
        |one: &super::instance::Instance| CreditItem { instance_id: one.id.clone(), cpu_credits: one.credits.clone() };
    call.reply(&CreditsOutput { instance_credit_specification_set: burstable.map(item).collect() })
}
