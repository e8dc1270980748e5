//! How many cores an instance type has, as its name tells.

use serde::Serialize;

/// `CpuOptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CpuOptions {
    pub(super) core_count: u32,
    pub(super) threads_per_core: u32,
}

impl CpuOptions {
    /// Those of a type: two virtual CPUs, and four for each `x` of an `xlarge`. The few types that differ from the rule
    /// (bare metal, memory-optimised giants) are the rule's here.
    pub(super) fn of(instance_type: &str) -> Self {
        let (family, size) = instance_type.split_once('.').unwrap_or((instance_type, ""));
        let virtual_cpus = match (family, size) {
            ("t1" | "m1", _) | ("t2", "nano" | "micro" | "small") => 1,
            (_, size) => match size.strip_suffix("xlarge") {
                Some("") => 4,
                Some(times) => times.parse::<u32>().unwrap_or(1).saturating_mul(4),
                None => 2,
            },
        };
        // Graviton's cores, and those of the oldest families, have one thread each.
        let is_graviton = Self::is_graviton(family);
        let threads_per_core = if is_graviton || matches!(family, "t1" | "t2" | "m1") { 1 } else { 2 };
        Self { core_count: virtual_cpus / threads_per_core, threads_per_core }
    }

    /// Whether the processor is Amazon's own: `m7g`, `t4g`, `c8gn`, `a1`.
    pub(super) fn is_graviton(family: &str) -> bool {
        let generation = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        family == "a1" || generation.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('g')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_cores() {
        for (name, cores, threads) in [
            ("t2.micro", 1, 1),
            ("t3.micro", 1, 2),
            ("t4g.small", 2, 1),
            ("m5.xlarge", 2, 2),
            ("c7g.2xlarge", 8, 1),
            ("g5.xlarge", 2, 2),
        ] {
            let wanted = CpuOptions { core_count: cores, threads_per_core: threads };
            assert_eq!(CpuOptions::of(name), wanted, "{name}");
        }
    }
}
