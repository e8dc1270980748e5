//! What is said, within a channel's limits.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Shape;
use crate::drill::RunError;
use crate::outcome::Outcome;
use crate::redaction::Redaction;
use crate::report::{Report, Verdict};
use crate::text::Lang;

/// How many characters (Unicode code points) Discord takes.
const DISCORD: usize = 2000;

/// How many characters Slack shows; what is longer it cuts off or splits.
const SLACK: usize = 4000;

/// How many places are described one by one.
const PLACES: usize = 8;

/// How much of one sentence is shown; a remedy can hold a whole policy.
const SENTENCE: usize = 300;

/// Discord's flag that shows no preview of a link.
const SUPPRESS_EMBEDS: u32 = 1 << 2;

/// The body of the request. `all` is how many places there were.
pub(super) fn body(shape: Shape, outcomes: &[&Outcome], all: usize, lang: Lang, redaction: &Redaction) -> Value {
    let headline = headline(outcomes, all, lang);
    let details = redaction.redact(&details(outcomes, lang));
    match shape {
        Shape::Discord => json!({
            "content": within(DISCORD, &headline, &details, str::to_owned),
            // Nobody is called by what a target or a function said.
            "allowed_mentions": { "parse": [] },
            "flags": SUPPRESS_EMBEDS,
        }),
        Shape::Slack => json!({
            // `<!channel>` and links are written in what is escaped.
            "text": within(SLACK, &headline, &details, escaped),
            "link_names": false,
            "unfurl_links": false,
            "unfurl_media": false,
        }),
    }
}

/// Headline and details in `limit` characters. The details stand in a code block, in which nothing is marked up or mentioned.
fn within(limit: usize, headline: &str, details: &str, escape: impl Fn(&str) -> String) -> String {
    const CUT: &str = "…";
    let headline = escape(headline);
    let frame = headline.chars().count() + "\n```\n\n```".len() + CUT.chars().count();
    let details = escape(&details.replace("```", "'''"));
    let room = limit.saturating_sub(frame);
    let shown = match details.char_indices().nth(room) {
        None => details,
        Some((end, _)) => {
            // Not within an escaped character, which ends with `;`.
            let whole = details[..end].rfind('&').filter(|&at| !details[at..end].contains(';')).unwrap_or(end);
            format!("{}{CUT}", &details[..whole])
        }
    };
    format!("{headline}\n```\n{}\n```", shown.trim_end())
}

/// The three characters that Slack gives a meaning.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn headline(outcomes: &[&Outcome], all: usize, lang: Lang) -> String {
    let count = |verdict| outcomes.iter().filter(|outcome| outcome.verdict() == verdict).count();
    let what = match (count(Verdict::Failed), count(Verdict::Error)) {
        (0, 0) => lang.choose("something was left behind", "지우지 못한 것이 있습니다").to_owned(),
        (0, _) => lang.choose("nobody knows whether the alarm rings", "알람이 울리는지 확인하지 못했습니다").to_owned(),
        (_, 0) => lang.choose("the alarm is silent", "알람이 울리지 않습니다").to_owned(),
        (failed, error) => lang.choose(
            format!("the alarm is silent in {failed} places, and unknown in {error}"),
            format!("알람이 {failed}곳에서 울리지 않고, {error}곳은 확인하지 못했습니다"),
        ),
    };
    let places = match all {
        1 => String::new(),
        _ => {
            let of = outcomes.len();
            lang.choose(format!(" ({of} of {all} places)"), format!(" ({all}곳 중 {of}곳)"))
        }
    };
    format!("🔕 alert-drill: {what}{places}")
}

fn details(outcomes: &[&Outcome], lang: Lang) -> String {
    let mut out = String::new();
    for outcome in outcomes.iter().take(PLACES) {
        let _ = writeln!(out, "{} · {} · {}", outcome.scenario, outcome.spot, word(outcome.verdict(), lang));
        match &outcome.ended {
            Ok(report) => of_report(&mut out, report, lang),
            Err(error) => of_error(&mut out, error),
        }
        out.push('\n');
    }
    if let Some(more) = outcomes.len().checked_sub(PLACES).filter(|&more| more > 0) {
        let _ = writeln!(out, "{}", lang.choose(format!("and {more} more"), format!("그 밖에 {more}곳")));
    }
    out
}

fn of_report(out: &mut String, report: &Report, lang: Lang) {
    for drill in report.drills.iter().filter(|drill| drill.required && drill.verdict > Verdict::Passed) {
        let _ = writeln!(out, "  {}: {}", drill.name, short(drill.reason.as_deref().unwrap_or_default()));
    }
    for finding in &report.findings {
        let _ = writeln!(out, "  {} ({}) {}", finding.code, finding.hop, short(&finding.message));
        let _ = writeln!(out, "    {} {}", lang.choose("to mend it:", "해결 방법:"), short(&finding.remedy));
    }
    for left in &report.cleanup.left_behind {
        let label = lang.choose("left behind:", "남은 것:");
        let _ = writeln!(out, "  {label} {} {}: {}", left.kind, left.id, short(&left.reason));
    }
    let _ = writeln!(out, "  run {}", report.run_id);
}

fn of_error(out: &mut String, error: &RunError) {
    let _ = writeln!(out, "  {}", short(&error.to_string()));
}

fn word(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Skipped => lang.choose("skipped", "건너뜀"),
        Verdict::Passed => lang.choose("passed", "성공"),
        Verdict::Failed => lang.choose("failed", "실패"),
        Verdict::Error => lang.choose("no verdict", "판정 불가"),
    }
}

/// The beginning of a sentence that may be long.
fn short(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(SENTENCE) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Spot;
    use crate::target::TargetError;

    fn outcomes(count: usize, reason: &str) -> Vec<Outcome> {
        let spot = Spot { target: None, account: Some("111122223333".to_owned()), region: "us-east-1".to_owned() };
        let error = || {
            let endpoint = "http://user:s3cret@127.0.0.1".to_owned();
            RunError::Target(TargetError::Unreachable { endpoint, reason: reason.to_owned() })
        };
        (0..count).map(|_| Outcome::of("s", spot.clone(), jiff::Timestamp::UNIX_EPOCH, Err(error()))).collect()
    }

    fn text(shape: Shape, outcomes: &[Outcome]) -> String {
        let all: Vec<&Outcome> = outcomes.iter().collect();
        let body = body(shape, &all, all.len(), Lang::En, &Redaction::default());
        body["content"].as_str().or(body["text"].as_str()).unwrap().to_owned()
    }

    #[test]
    fn a_long_message_stays_within_the_channels_limit() {
        for (shape, limit) in [(Shape::Discord, DISCORD), (Shape::Slack, SLACK)] {
            // What counts is the text as it is sent: each `<` takes four characters in Slack's.
            let text = text(shape, &outcomes(20, &"안녕<>".repeat(100)));
            assert!((limit - 10..=limit).contains(&text.chars().count()), "{shape:?}: {}", text.chars().count());
            assert!(text.ends_with("…\n```"), "{text}");
            assert!(!text.contains("&…") && !text.contains("&l…") && !text.contains("&lt…"), "{text}");
        }
    }

    #[test]
    fn nothing_that_was_quoted_is_marked_up_or_secret() {
        let quoted = "```<!channel> @everyone https://discord.com/api/webhooks/1/s3cret";
        let slack = text(Shape::Slack, &outcomes(1, quoted));
        assert!(slack.contains("'''&lt;!channel&gt;"), "{slack}");
        let discord = text(Shape::Discord, &outcomes(1, quoted));
        for text in [slack, discord] {
            assert_eq!(text.matches("```").count(), 2, "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
}
