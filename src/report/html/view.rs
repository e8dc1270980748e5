//! What stands on the page: the report in the form that the templates take.

use std::borrow::Cow;

use serde_json::Value;

use super::message::{Blocks, Line};
use super::timeline::{Axis, Timeline};
use crate::diagnosis::{Finding, Severity};
use crate::report::discord::Message;
use crate::report::groups::{Group, length};
use crate::report::{
    ChangeInspection, DrillReport, HopInspection, HopStatus, Inspection, MailAlert, Report, Standing, Trial, Verdict,
    words,
};
use crate::scenario::Hop;
use crate::text::{Lang, kst};

/// The style of a verdict.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "good",
        Verdict::Failed => "bad",
        Verdict::Error => "odd",
        Verdict::Skipped => "off",
    }
}

/// A finding.
pub(super) struct FindingView<'a> {
    pub(super) id: String,
    pub(super) finding: &'a Finding,
    pub(super) class: &'static str,
    pub(super) severity: &'static str,
    pub(super) hop: &'static str,
    /// Whether the remedy can be pasted into a shell.
    pub(super) is_command: bool,
}

impl<'a> FindingView<'a> {
    pub(super) fn of(finding: &'a Finding, position: usize, lang: Lang) -> Self {
        Self {
            id: id(position),
            finding,
            class: match finding.severity {
                Severity::Error => "bad",
                Severity::Warning => "odd",
            },
            severity: words::severity(finding.severity, lang),
            hop: words::hop(finding.hop, lang),
            is_command: words::is_command(&finding.remedy),
        }
    }
}

/// Where a finding stands on the page.
fn id(position: usize) -> String {
    format!("finding-{}", position + 1)
}

/// A hop of the pipeline as it stands.
pub(super) struct HopView<'a> {
    pub(super) inspected: &'a HopInspection,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) standing: &'static str,
    pub(super) name: &'static str,
    pub(super) depth: u8,
}

impl<'a> HopView<'a> {
    pub(super) fn all(inspection: &'a Inspection, lang: Lang) -> Vec<Self> {
        let view = |inspected: &'a HopInspection| {
            let is_blank = inspected.seen.is_empty() && inspected.unknown.is_empty();
            let (class, sign) = match inspected.standing {
                Standing::Right if is_blank => ("off", "·"),
                Standing::Right => ("good", "✓"),
                Standing::Unknown => ("odd", "?"),
                Standing::Warned => ("odd", "!"),
                Standing::Wrong => ("bad", "✗"),
            };
            Self {
                inspected,
                class,
                sign,
                standing: words::standing(inspected.standing, lang),
                name: words::hop(inspected.hop, lang),
                depth: super::timeline::depth(inspected.hop),
            }
        };
        inspection.hops.iter().map(view).collect()
    }
}

/// A way to change a group.
pub(super) struct ChangeView<'a> {
    pub(super) change: &'a ChangeInspection,
    pub(super) class: &'static str,
}

impl<'a> ChangeView<'a> {
    pub(super) fn all(inspection: &'a Inspection) -> Vec<Self> {
        let view = |change: &'a ChangeInspection| {
            let class = match (change.alerted, change.must_alert) {
                (true, _) => "good",
                (false, true) => "bad",
                (false, false) => "off",
            };
            Self { change, class }
        };
        inspection.changes.iter().map(view).collect()
    }
}

/// A try of the function.
pub(super) struct TrialView<'a> {
    pub(super) trial: &'a Trial,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) messages: Vec<MessageView>,
    /// Whether what it answered says more than the problems do.
    pub(super) shows_answer: bool,
    /// Whether it is the first with a problem: the others tend to say the same, and are opened by whoever wants them.
    pub(super) is_first_problem: bool,
}

impl<'a> TrialView<'a> {
    pub(super) fn all(inspection: &'a Inspection) -> Vec<Self> {
        let first = inspection.trials.iter().position(|trial| !trial.problems.is_empty());
        let view = |(position, trial): (usize, &'a Trial)| {
            let (class, sign) = if trial.problems.is_empty() { ("good", "✓") } else { ("bad", "✗") };
            let messages = trial.posted.iter().map(MessageView::of).collect();
            Self {
                trial,
                class,
                sign,
                messages,
                shows_answer: !trial.answer.is_empty() && trial.answer != "null",
                is_first_problem: first == Some(position),
            }
        };
        inspection.trials.iter().enumerate().map(view).collect()
    }
}

/// A message as Discord shows it.
pub(super) struct MessageView {
    message: Message,
    /// The colours of avatars tell authors apart, no more.
    pub(super) initial: String,
    pub(super) time: Option<String>,
}

impl MessageView {
    pub(super) fn of(stored: &Value) -> Self {
        let message = Message::of(stored);
        let initial = message.author.chars().next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        Self { initial, time: message.sent_at.map(kst), message }
    }

    pub(super) fn author(&self) -> &str {
        &self.message.author
    }

    pub(super) fn is_edited(&self) -> bool {
        self.message.is_edited
    }

    pub(super) fn content(&self) -> Blocks<'_> {
        Blocks(&self.message.content)
    }

    pub(super) fn files(&self) -> &[String] {
        &self.message.files
    }

    pub(super) fn embeds(&self) -> Vec<EmbedView<'_>> {
        self.message.embeds.iter().map(EmbedView).collect()
    }
}

/// A box below a message.
pub(super) struct EmbedView<'a>(&'a crate::report::discord::Embed);

impl EmbedView<'_> {
    /// The colour of its edge, as CSS writes it.
    pub(super) fn color(&self) -> Option<String> {
        self.0.color.map(|color| format!("#{color:06x}"))
    }

    pub(super) fn author(&self) -> Option<Line<'_>> {
        (!self.0.author.is_empty()).then(|| Line(&self.0.author))
    }

    pub(super) fn title(&self) -> Option<Line<'_>> {
        (!self.0.title.is_empty()).then(|| Line(&self.0.title))
    }

    pub(super) fn description(&self) -> Blocks<'_> {
        Blocks(&self.0.description)
    }

    /// The fields, row by row: names and values.
    pub(super) fn rows(&self) -> Vec<Vec<(Line<'_>, Blocks<'_>)>> {
        let rows = self.0.rows().into_iter();
        rows.map(|row| row.iter().map(|field| (Line(&field.name), Blocks(&field.value))).collect()).collect()
    }

    pub(super) fn images(&self) -> &[String] {
        &self.0.images
    }

    /// The footer's text and time.
    pub(super) fn footer(&self) -> Option<String> {
        let parts: Vec<String> = self.0.footer.iter().cloned().chain(self.0.timestamp.map(kst)).collect();
        (!parts.is_empty()).then(|| parts.join(" • "))
    }
}

/// A hop of a drill's ladder.
pub(super) struct RungView {
    pub(super) rung: super::timeline::Rung,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) status: &'static str,
    pub(super) name: &'static str,
}

/// A drill, in full.
pub(super) struct DrillView<'a> {
    pub(super) drill: &'a DrillReport,
    /// Which of several runs.
    pub(super) number: Option<usize>,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) verdict: &'static str,
    pub(super) expected: String,
    pub(super) axis: Option<Axis>,
    pub(super) rungs: Vec<RungView>,
    pub(super) untimed: Option<String>,
    pub(super) messages: Vec<MessageView>,
    pub(super) mails: Vec<(&'a MailAlert, String)>,
    pub(super) record: Option<String>,
    /// Where its findings stand on the page, with their codes.
    pub(super) causes: Vec<(String, String)>,
}

impl<'a> DrillView<'a> {
    fn of(drill: &'a DrillReport, number: Option<usize>, report: &'a Report, lang: Lang) -> Self {
        let timeline = Timeline::of(drill);
        let untimed: Vec<&str> = timeline.untimed.iter().map(|hop| hop.as_str()).collect();
        let rungs = timeline.rungs.into_iter().map(|rung| {
            let (class, sign) = match rung.status {
                HopStatus::Reached => ("good", "✓"),
                HopStatus::Synthesised => ("odd", "≈"),
                HopStatus::Broken => ("bad", "✗"),
                HopStatus::NotReached => ("off", "·"),
                HopStatus::Unknown => ("odd", "?"),
            };
            let (status, name) = (words::status(rung.status, lang), words::hop(rung.hop, lang));
            RungView { rung, class, sign, status, name }
        });
        let causes = drill.findings.iter().filter_map(|cause| {
            // What a check had found already is said there in the check's words.
            let position = report.findings.iter().position(|finding| finding == cause).or_else(|| {
                report.findings.iter().position(|finding| (finding.code, finding.hop) == (cause.code, cause.hop))
            });
            Some((id(position?), cause.code.to_string()))
        });
        Self {
            drill,
            number,
            class: class(drill.verdict),
            sign: words::sign(drill.verdict),
            verdict: words::verdict(drill.verdict, lang),
            expected: words::expected(&drill.expected, lang),
            axis: timeline.axis,
            rungs: rungs.collect(),
            untimed: (!untimed.is_empty()).then(|| untimed.join(", ")),
            messages: drill.alerts.discord.iter().map(|alert| MessageView::of(&alert.message)).collect(),
            mails: drill.alerts.mail.iter().map(|mail| (mail, kst(mail.received_at))).collect(),
            record: drill.record.as_ref().map(|record| pretty(record).into_owned()),
            causes: causes.collect(),
        }
    }
}

/// All runs of one drill.
pub(super) struct GroupView<'a> {
    pub(super) id: String,
    pub(super) name: &'a str,
    pub(super) title: &'a str,
    pub(super) is_required: bool,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    /// How many runs ended how: `98 passed, 2 failed`; the verdict alone, where it ran once.
    pub(super) tally: String,
    /// The time to the last end of the chain: the median of several runs.
    pub(super) typical: Option<String>,
    pub(super) axis: Option<Axis>,
    pub(super) strips: Vec<StripView>,
    /// Every run, where there are several.
    pub(super) runs: Vec<RunRow>,
    pub(super) in_full: Vec<DrillView<'a>>,
    /// That not all are shown in full, and which are.
    pub(super) rest: Option<String>,
}

/// The arrivals of all runs at one hop.
pub(super) struct StripView {
    pub(super) hop: Hop,
    pub(super) name: &'static str,
    /// Where on the axis.
    pub(super) dots: Vec<String>,
    pub(super) median_at: String,
    pub(super) median: String,
    pub(super) slowest: String,
}

/// One run of several, in a line.
pub(super) struct RunRow {
    pub(super) number: usize,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) verdict: &'static str,
    /// The times to queue, channel and mailbox.
    pub(super) times: Vec<String>,
}

impl<'a> GroupView<'a> {
    pub(super) fn of(group: &Group<'a>, number: usize, report: &'a Report, lang: Lang) -> Self {
        let first = group.first();
        let times = group.times();
        let axis = Axis::over(times.iter().map(|times| times.slowest())).filter(|_| group.is_repeated());
        let strips = axis.as_ref().map(|axis| {
            let strip = |times: &crate::report::groups::Times| StripView {
                hop: times.hop,
                name: words::hop(times.hop, lang),
                dots: times.sorted.iter().map(|ms| axis.at(*ms)).collect(),
                median_at: axis.at(times.median()),
                median: length(times.median()),
                slowest: length(times.slowest()),
            };
            times.iter().map(strip).collect()
        });
        let in_full: Vec<DrillView<'_>> = group
            .in_full()
            .into_iter()
            .map(|(number, drill)| DrillView::of(drill, group.is_repeated().then_some(number), report, lang))
            .collect();
        let left_out = group.runs.len() - in_full.len();
        Self {
            id: format!("drill-{number}"),
            name: &first.name,
            title: &first.title,
            is_required: first.required,
            class: class(group.verdict()),
            sign: words::sign(group.verdict()),
            tally: words::runs(group, lang),
            typical: times.iter().map(|times| times.median()).reduce(f64::max).map(length),
            axis,
            strips: strips.unwrap_or_default(),
            runs: if group.is_repeated() { runs(group, lang) } else { Vec::new() },
            rest: (left_out > 0).then(|| words::left_out(in_full.len(), group.runs.len(), lang)),
            in_full,
        }
    }
}

fn runs(group: &Group<'_>, lang: Lang) -> Vec<RunRow> {
    let row = |(number, drill): &(usize, &DrillReport)| RunRow {
        number: *number,
        class: class(drill.verdict),
        sign: words::sign(drill.verdict),
        verdict: words::verdict(drill.verdict, lang),
        times: crate::report::groups::ENDS
            .map(|hop| drill.hop(hop).and_then(|hop| hop.latency_ms).map(length).unwrap_or_default())
            .into(),
    };
    group.runs.iter().map(row).collect()
}

/// A record as people read JSON.
fn pretty(record: &Value) -> Cow<'static, str> {
    // Plain data with text keys: there is nothing that JSON cannot write.
    serde_json::to_string_pretty(record).map_or(Cow::Borrowed("null"), Cow::Owned)
}
