//! The ladder as a timeline drawn to scale: how far along the axis each hop's arrival stands.

use crate::report::groups::length;
use crate::report::terminal::short;
use crate::report::{DrillReport, HopReport, HopStatus};
use crate::scenario::Hop;

/// The most marks on an axis: more do not fit beside each other on a phone.
const MOST_TICKS: usize = 4;

/// An axis from 0 to some more than the last arrival.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    end_ms: f64,
    pub(super) ticks: Vec<Tick>,
}

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Where, in percent of the axis.
    pub(super) at: String,
    pub(super) label: String,
}

/// The timeline of one drill.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// None where no hop has a time.
    pub(super) axis: Option<Axis>,
    pub(super) rungs: Vec<Rung>,
    /// The hops that were reached at a time that nobody knows.
    pub(super) untimed: Vec<Hop>,
}

/// One hop on it.
#[derive(Clone, Debug)]
pub(super) struct Rung {
    pub(super) hop: Hop,
    pub(super) status: HopStatus,
    pub(super) depth: u8,
    pub(super) evidence: String,
    /// When it was reached, in words.
    pub(super) time: Option<String>,
    /// Where on the axis it was reached, and from where the event came.
    pub(super) way: Option<Way>,
    /// Where on the axis the event was seen last, where this hop stopped it.
    pub(super) stopped_at: Option<String>,
}

/// From one place of the axis to another, in percent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    pub(super) from: String,
    pub(super) to: String,
}

impl Axis {
    /// An axis on which these lengths of time have room; none where there are none.
    pub(super) fn over(times: impl IntoIterator<Item = f64>) -> Option<Self> {
        let longest = times.into_iter().reduce(f64::max)?.max(0.1);
        let (unit_ms, unit) = unit(longest);
        let step = step(longest / unit_ms) * unit_ms;
        // So much more than the last arrival that what stands there is not cut off.
        let end_ms = longest * 1.04;
        let mut axis = Self { end_ms, ticks: Vec::new() };
        axis.ticks = (0..)
            .map(|number| f64::from(number) * step)
            .take_while(|ms| *ms <= end_ms)
            .map(|ms| Tick { at: axis.at(ms), label: label(ms / unit_ms, unit) })
            .collect();
        Some(axis)
    }

    /// Where a time stands, in percent.
    pub(super) fn at(&self, ms: f64) -> String {
        format!("{:.2}%", (ms / self.end_ms * 100.0).clamp(0.0, 100.0))
    }
}

/// The distance of two marks: 1, 2 or 5 of some power of ten.
fn step(longest: f64) -> f64 {
    let rough = longest / MOST_TICKS as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * 0.999).unwrap_or(10.0);
    factor * power
}

/// The unit of an axis, in milliseconds and by name.
fn unit(longest: f64) -> (f64, &'static str) {
    match longest {
        longest if longest < 1000.0 => (1.0, "ms"),
        longest if longest < 120_000.0 => (1000.0, "s"),
        _ => (60_000.0, "min"),
    }
}

/// A mark's label, with three digits behind the point at the most, and none that says nothing.
fn label(value: f64, unit: &str) -> String {
    let text = format!("{value:.3}");
    format!("{} {unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

impl Timeline {
    pub(super) fn of(drill: &DrillReport) -> Self {
        let axis = Axis::over(drill.hops.iter().filter_map(|hop| hop.latency_ms));
        let rungs = drill.hops.iter().map(|hop| rung(hop, drill, axis.as_ref())).collect();
        let is_untimed = |hop: &&HopReport| hop.status.is_reached() && hop.latency_ms.is_none();
        Self { axis, rungs, untimed: drill.hops.iter().filter(is_untimed).map(|hop| hop.hop).collect() }
    }
}

fn rung(report: &HopReport, drill: &DrillReport, axis: Option<&Axis>) -> Rung {
    let arrival = report.latency_ms;
    let way =
        axis.zip(arrival).map(|(axis, ms)| Way { from: axis.at(came_from(report.hop, ms, drill)), to: axis.at(ms) });
    let stopped_at = axis
        .filter(|_| report.status == HopStatus::Broken)
        .map(|axis| axis.at(came_from(report.hop, f64::INFINITY, drill)));
    Rung {
        hop: report.hop,
        status: report.status,
        depth: depth(report.hop),
        evidence: short(report.evidence.as_deref().unwrap_or_default()).to_owned(),
        time: arrival.map(length),
        way,
        stopped_at,
    }
}

/// When the event was seen last on its way to this hop, and not after it came there. A call's answer comes after its event,
/// and says nothing of when that set out.
fn came_from(hop: Hop, arrival: f64, drill: &DrillReport) -> f64 {
    let before = hop.ancestors().filter(|hop| *hop != Hop::Api).filter_map(|hop| drill.hop(hop)?.latency_ms);
    before.filter(|ms| *ms <= arrival).fold(0.0, f64::max)
}

/// How far a hop is from the trunk of the ladder.
pub(super) fn depth(hop: Hop) -> u8 {
    match hop {
        Hop::Api | Hop::Trail | Hop::Bus | Hop::Rule | Hop::Topic => 0,
        Hop::Queue | Hop::Function | Hop::Mail => 1,
        Hop::Discord => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(longest: f64) -> (Axis, Vec<String>) {
        let axis = Axis::over([longest]).unwrap();
        let labels = axis.ticks.iter().map(|tick| tick.label.clone()).collect();
        (axis, labels)
    }

    #[test]
    fn an_axis_has_few_round_marks_and_one_unit() {
        assert_eq!(axis(11.4).1, ["0 ms", "5 ms", "10 ms"]);
        assert_eq!(axis(1.9).1, ["0 ms", "0.5 ms", "1 ms", "1.5 ms"]);
        assert_eq!(axis(400.0).1, ["0 ms", "100 ms", "200 ms", "300 ms", "400 ms"]);
        assert_eq!(axis(2500.0).1, ["0 s", "1 s", "2 s"]);
        assert_eq!(axis(600_000.0).1, ["0 min", "5 min", "10 min"]);
    }

    #[test]
    fn it_is_to_scale() {
        let (axis, _) = axis(100.0);
        assert_eq!((axis.at(0.0), axis.at(52.0), axis.at(104.0)), ("0.00%".into(), "50.00%".into(), "100.00%".into()));
    }
}
