//! What a period's values come down to.

use super::error::unsupported_statistic;
use crate::gateway::error::AwsError;
use crate::metrics::Sample;

/// A statistic of the values of a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// `p99.9`
    Percentile(f64),
}

impl Statistic {
    /// One of the five plain ones.
    pub(super) fn plain(name: &str) -> Option<Self> {
        Some(match name {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => return None,
        })
    }

    /// A percentile. The trimmed statistics, which AWS has, are refused by name; `wrong` refuses what it has not.
    pub(super) fn extended(name: &str, wrong: impl Fn() -> AwsError) -> Result<Self, AwsError> {
        if let Some(percentile) = name.strip_prefix('p').and_then(|percent| percent.parse().ok()) {
            let digits = name.split_once('.').map_or(0, |(_, digits)| digits.len());
            let is_percent = (0.0..=100.0).contains(&percentile) && digits <= 10 && !name.contains(['e', 'E', '+']);
            return if is_percent { Ok(Self::Percentile(percentile)) } else { Err(wrong()) };
        }
        const TRIMMED: [&str; 4] = ["tm", "wm", "tc", "ts"];
        let is_trimmed = |prefix: &&str| {
            let rest = name.to_ascii_lowercase().strip_prefix(*prefix).map(str::to_owned);
            rest.is_some_and(|rest| rest.parse::<f64>().is_ok() || (rest.starts_with('(') && rest.ends_with(')')))
        };
        if name == "IQM" || TRIMMED.iter().any(&is_trimmed) || is_trimmed(&"pr") {
            return Err(unsupported_statistic(name));
        }
        Err(wrong())
    }

    /// The statistic of a sample; none where it cannot be known.
    pub(super) fn of(self, sample: &Sample) -> Option<f64> {
        Some(match self {
            Self::SampleCount => sample.count,
            Self::Average => sample.sum / sample.count,
            Self::Sum => sample.sum,
            Self::Minimum => sample.minimum,
            Self::Maximum => sample.maximum,
            Self::Percentile(percent) => return percentile(sample, percent),
        })
        .filter(|value| value.is_finite())
    }
}

/// The least value that as many percent of the values do not exceed.
///
/// A set of statistics has one only if it is of one value.
fn percentile(sample: &Sample, percent: f64) -> Option<f64> {
    let Some(values) = &sample.values else {
        return (sample.minimum == sample.maximum).then_some(sample.minimum);
    };
    let wanted = sample.count * percent / 100.0;
    let mut seen = 0.0;
    let reached = values.iter().find(|(_, times)| {
        seen += times;
        seen >= wanted
    });
    reached.or(values.last()).map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudwatch::error::invalid;

    fn sample(values: &[f64]) -> Sample {
        let mut all = Sample::default();
        values.iter().for_each(|value| all.merge(&Sample::of(*value, 1.0)));
        all
    }

    #[test]
    fn the_statistics_of_ten_values() {
        let ten: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        let ten = sample(&ten);
        for (name, wanted) in
            [("SampleCount", 10.0), ("Average", 5.5), ("Sum", 55.0), ("Minimum", 1.0), ("Maximum", 10.0)]
        {
            assert_eq!(Statistic::plain(name).unwrap().of(&ten), Some(wanted), "{name}");
        }
        for (name, wanted) in [("p0", 1.0), ("p50", 5.0), ("p90", 9.0), ("p99.9", 10.0), ("p100", 10.0)] {
            let statistic = Statistic::extended(name, || invalid("no")).unwrap();
            assert_eq!(statistic.of(&ten), Some(wanted), "{name}");
        }
        for (name, code) in [
            ("p101", "InvalidParameterValue"),
            ("p", "InvalidParameterValue"),
            ("p1e1", "InvalidParameterValue"),
            ("Total", "InvalidParameterValue"),
            ("tm99", "NotImplemented"),
            ("TM(10%:90%)", "NotImplemented"),
            ("IQM", "NotImplemented"),
        ] {
            assert_eq!(Statistic::extended(name, || invalid("no")).unwrap_err().code, code, "{name}");
        }
    }

    #[test]
    fn a_set_of_statistics_has_lost_its_percentiles() {
        let set = Sample { count: 3.0, sum: 9.0, minimum: 1.0, maximum: 5.0, values: None };
        assert_eq!(Statistic::Percentile(50.0).of(&set), None);
        let mut both = sample(&[2.0]);
        both.merge(&set);
        assert_eq!(Statistic::Percentile(50.0).of(&both), None);
        assert_eq!(Statistic::Sum.of(&both), Some(11.0));
    }
}
