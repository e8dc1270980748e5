//! How long an alert may take: until when it is expected, from when on it is late, and when nobody waits for it any longer.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::wait::{TargetKind, Wait};

/// How long an alert may take when its drill does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    /// In the lab.
    pub lab: Budget,
    /// On LocalStack.
    pub localstack: Budget,
    /// In a real account, where CloudTrail takes 10 to 90 seconds, and much longer on a new trail.
    pub aws: Budget,
}

impl Patience {
    /// How long on `target`.
    pub const fn on(&self, target: TargetKind) -> Budget {
        match target {
            TargetKind::Lab => self.lab,
            TargetKind::Localstack => self.localstack,
            TargetKind::Aws => self.aws,
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        let [lab, localstack, aws] = TargetKind::ALL.map(Budget::usual);
        Self { lab, localstack, aws }
    }
}

/// What an alert may take. `expect.from` ≤ `expect.to` ≤ `warn` ≤ `give_up`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// When it comes, as a rule.
    pub expect: Expectation,
    /// From when on it is late: the drill passes, and a finding says so.
    pub warn: Wait,
    /// When the drill has failed.
    pub give_up: Wait,
}

/// When an alert comes, as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// No sooner than this.
    pub from: Wait,
    /// By then.
    pub to: Wait,
}

/// The parts of a budget that a file has. What is left out is the target's usual one, or less where a part that is written ends sooner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BudgetParts")]
pub(super) struct Parts {
    /// When an alert comes, as a rule: `{ from: 10s, to: 90s }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expect: Option<Expectation>,
    /// From when on an alert is late: the drill passes, and a finding says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) warn: Option<Wait>,
    /// When the drill has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) give_up: Option<Wait>,
}

impl Budget {
    /// What an alert takes on this target, where nobody says otherwise.
    pub const fn usual(target: TargetKind) -> Self {
        let (from, to, warn, give_up) = match target {
            TargetKind::Lab => (Wait::milliseconds(1), Wait::seconds(1), Wait::seconds(3), Wait::seconds(5)),
            TargetKind::Localstack => (Wait::milliseconds(10), Wait::seconds(5), Wait::seconds(15), Wait::seconds(30)),
            TargetKind::Aws => (Wait::seconds(10), Wait::seconds(90), Wait::seconds(2 * 60), Wait::seconds(15 * 60)),
        };
        Self { expect: Expectation { from, to }, warn, give_up }
    }

    /// The budget of these parts. They are in order, as far as they are there.
    pub(super) fn of(parts: Parts, target: TargetKind) -> Self {
        let usual = Self::usual(target);
        let least = parts.warn.or(parts.expect.map(|expect| expect.to)).unwrap_or(usual.give_up);
        let give_up = parts.give_up.unwrap_or(usual.give_up.max(least));
        let least = parts.expect.map_or(usual.warn, |expect| expect.to);
        let warn = parts.warn.unwrap_or(usual.warn.max(least).min(give_up));
        let expect =
            parts.expect.unwrap_or(Expectation { from: usual.expect.from.min(warn), to: usual.expect.to.min(warn) });
        Self { expect, warn, give_up }
    }

    /// The same with other ends: those that are given, and the rest as far as it fits between them.
    pub(crate) fn with(self, expect_by: Option<Wait>, warn: Option<Wait>, give_up: Option<Wait>) -> Self {
        let give_up = give_up.unwrap_or(self.give_up);
        let warn = warn.unwrap_or(self.warn).min(give_up);
        let to = expect_by.unwrap_or(self.expect.to).min(warn);
        Self { expect: Expectation { from: self.expect.from.min(to), to }, warn, give_up }
    }
}

impl JsonSchema for Budget {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Budget".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What an alert may take: when the drill has failed (`15m`), or by its parts \
                            (`{ expect: { from: 10s, to: 90s }, warn: 2m, give_up: 15m }`).",
            "anyOf": [generator.subschema_for::<Wait>(), generator.subschema_for::<Parts>()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in_order(budget: Budget) -> bool {
        let Budget { expect, warn, give_up } = budget;
        expect.from <= expect.to && expect.to <= warn && warn <= give_up
    }

    #[test]
    fn whatever_is_written_the_rest_fits_to_it() {
        let waits = [None, Some(1), Some(500), Some(3_000), Some(100_000), Some(3_600_000)]
            .map(|milliseconds| milliseconds.map(Wait::milliseconds));
        let all = waits.into_iter().flat_map(|e| waits.map(|w| (e, w)));
        let all: Vec<_> = all.flat_map(|(e, w)| waits.map(|g| (e, w, g))).collect();
        let mut tried = 0;
        for target in TargetKind::ALL {
            assert!(is_in_order(Budget::usual(target)), "{target}");
            for &(expect, warn, give_up) in &all {
                let budget = Budget::usual(target).with(expect, warn, give_up);
                assert!(is_in_order(budget), "{budget:?}");
                assert_eq!(budget.give_up, give_up.unwrap_or(Budget::usual(target).give_up));
                let written: Vec<Wait> = [expect, warn, give_up].into_iter().flatten().collect();
                if written.is_sorted() {
                    let expect = expect.map(|to| Expectation { from: to, to });
                    let budget = Budget::of(Parts { expect, warn, give_up }, target);
                    assert!(is_in_order(budget), "{budget:?}");
                    assert!(expect.is_none_or(|e| budget.expect == e) && warn.is_none_or(|w| budget.warn == w));
                    tried += 1;
                }
            }
        }
        assert!(tried > 100, "{tried}");
    }
}
