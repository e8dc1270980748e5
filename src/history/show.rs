//! The summary, as a person reads it.

use std::fmt::Write as _;

use anstyle::Style;

use super::drift::{BASELINE_LEAST, Direction, Drift, Drifts, RECENT};
use super::file::Why;
use super::summary::{HopLatency, Period, Slice, Summary};
use crate::report::style::{BAD, BOLD, DIM, ODD};
use crate::scenario::Hop;
use crate::text::Lang;

/// The summary with colour. A stream that is no terminal strips it.
pub(crate) fn human(summary: &Summary, lang: Lang) -> String {
    let mut out = String::new();
    if summary.all.runs == 0 {
        let _ = writeln!(out, "{}", lang.choose("no run is in it", "기록된 실행이 없습니다"));
    } else {
        headline(&mut out, &summary.all, lang);
        by_hop(&mut out, &summary.all.hops, lang);
        by_period(&mut out, summary, lang);
        drift(&mut out, &summary.drift, lang);
    }
    out
}

/// What is wrong with lines of the file, for standard error.
pub(crate) fn unread(summary: &Summary, lang: Lang) -> Vec<String> {
    let say = |line: usize, why: Why| {
        let file = &summary.file;
        match why {
            Why::CutOff => lang.choose(
                format!("{file}:{line}: this line is no whole entry, and is left out"),
                format!("{file}:{line}: 완전한 기록이 아니어서 제외했습니다"),
            ),
            Why::Newer => lang.choose(
                format!("{file}:{line}: a newer alert-drill wrote this line, and it is left out"),
                format!("{file}:{line}: 더 새로운 alert-drill이 쓴 기록이어서 제외했습니다"),
            ),
        }
    };
    summary.unread.iter().map(|one| say(one.line, one.why)).collect()
}

fn headline(out: &mut String, all: &Slice, lang: Lang) {
    let Slice { runs, passed, failed, error, skipped, interrupted, left_behind, pass_rate, .. } = all;
    let rate = rate(*pass_rate);
    let mut parts = vec![lang.choose(
        format!("{passed} passed, {failed} failed, {error} without a verdict"),
        format!("성공 {passed}, 실패 {failed}, 판정 불가 {error}"),
    )];
    for (count, english, korean) in [
        (skipped, "skipped", "건너뜀"),
        (interrupted, "interrupted", "중단됨"),
        (left_behind, "left something behind", "남은 것 있음"),
    ] {
        if *count > 0 {
            parts.push(lang.choose(format!("{count} {english}"), format!("{korean} {count}")));
        }
    }
    let english = if *runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    let title = lang.choose(format!("{english}, pass rate {rate}"), format!("실행 {runs}회, 성공률 {rate}"));
    let _ = writeln!(out, "{BOLD}{title}{BOLD:#} {DIM}· {}{DIM:#}\n", parts.join(", "));
}

fn by_hop(out: &mut String, hops: &[HopLatency], lang: Lang) {
    if hops.is_empty() {
        return;
    }
    let title = lang.choose("latency since the EC2 call", "EC2 호출 이후 지연 시간");
    let _ = writeln!(out, "{BOLD}{title}{BOLD:#}");
    let _ = writeln!(out, "    {DIM}{:<10}{:>8}{:>10}{:>10}{:>10}{DIM:#}", "hop", "n", "p50", "p90", "p99");
    for HopLatency { hop, count, p50_ms, p90_ms, p99_ms } in hops {
        let (p50, p90, p99) = (length(*p50_ms), length(*p90_ms), length(*p99_ms));
        let _ = writeln!(out, "    {:<10}{count:>8}{p50:>10}{p90:>10}{p99:>10}", hop.as_str());
    }
    out.push('\n');
}

/// A row for each day or week: the runs, and the median latency at each hop that was ever measured.
fn by_period(out: &mut String, summary: &Summary, lang: Lang) {
    let hops: Vec<Hop> = summary.all.hops.iter().map(|latency| latency.hop).collect();
    let title = match summary.by {
        Period::Day => lang.choose("by day (UTC), with the median latency", "일별 (UTC), 지연 시간 중앙값"),
        Period::Week => lang
            .choose("by week (from Monday, UTC), with the median latency", "주별 (월요일부터, UTC), 지연 시간 중앙값"),
    };
    let _ = writeln!(out, "{BOLD}{title}{BOLD:#}");
    let columns: String = hops.iter().map(|hop| format!("{:>10}", hop.as_str())).collect();
    let _ =
        writeln!(out, "    {DIM}{:<12}{:>6}{:>6}{:>6}{:>6}{:>8}{columns}{DIM:#}", "", "runs", "✓", "✗", "!", "rate");
    for period in &summary.periods {
        let Slice { runs, passed, failed, error, pass_rate, .. } = &period.slice;
        let style = if *failed > 0 { BAD } else { Style::new() };
        let median = |hop: &Hop| {
            let found = period.slice.hops.iter().find(|latency| latency.hop == *hop);
            format!("{:>10}", found.map_or_else(String::new, |latency| length(latency.p50_ms)))
        };
        let medians: String = hops.iter().map(median).collect();
        let rate = rate(*pass_rate);
        let row = format!("{runs:>6}{passed:>6}{style}{failed:>6}{style:#}{error:>6}{rate:>8}{medians}");
        let _ = writeln!(out, "    {:<12}{}", period.from.to_string(), row.trim_end());
    }
    out.push('\n');
}

fn drift(out: &mut String, drifts: &Drifts, lang: Lang) {
    let Drifts { judged, too_few, found } = drifts;
    for drift in found {
        let Drift { drill, hop, direction, recent_ms, recent, baseline_ms, baseline, threshold_ms, .. } = drift;
        let account = drift.account.as_deref().unwrap_or("?");
        let place = format!("{} {account} {}", drift.scenario, drift.region);
        let (style, word) = match direction {
            Direction::Slower => (BAD, lang.choose("slower", "느려짐")),
            Direction::Faster => (ODD, lang.choose("faster", "빨라짐")),
        };
        let _ = writeln!(out, "{style}{} {drill} → {hop}{style:#} {DIM}({place}){DIM:#}", word);
        let (now, before, threshold) = (length(*recent_ms), length(*baseline_ms), length(*threshold_ms));
        let why = lang.choose(
            format!(
                "the median of the last {recent} runs is {now}; that of the {baseline} before them was {before}, and more \
                 than {threshold} apart is no chance"
            ),
            format!(
                "최근 {recent}회의 중앙값은 {now}, 그 전 {baseline}회의 중앙값은 {before}입니다. 차이가 {threshold}을(를) 넘으면 \
                 우연으로 보지 않습니다"
            ),
        );
        let _ = writeln!(out, "    {why}");
    }
    let least = RECENT + BASELINE_LEAST;
    let text = match (judged, too_few, found.is_empty()) {
        (0, 0, _) => return,
        (0, ..) => lang.choose(
            format!("drift: too few runs to tell (it takes {least} of a drill in one place)"),
            format!("변화: 판단하기에 실행이 부족합니다 (한 곳에서 같은 훈련 {least}회 필요)"),
        ),
        (_, _, true) => lang.choose(
            format!("drift: none in {judged} series of latencies ({too_few} are too short to tell)"),
            format!("변화: 지연 시간 {judged}개 계열에서 없음 ({too_few}개는 짧아서 판단 불가)"),
        ),
        (_, _, false) => lang.choose(
            format!("drift: {} of {judged} series of latencies ({too_few} are too short to tell)", found.len()),
            format!("변화: 지연 시간 {judged}개 계열 중 {}개 ({too_few}개는 짧아서 판단 불가)", found.len()),
        ),
    };
    let _ = writeln!(out, "{DIM}{text}{DIM:#}");
}

fn rate(pass_rate: Option<f64>) -> String {
    match pass_rate {
        None => "-".to_owned(),
        // 999 of 1000 are not all.
        Some(rate) => format!("{:.1} %", (rate * 1000.0).floor() / 10.0),
    }
}

/// A length of time, to three digits or so.
fn length(ms: f64) -> String {
    match ms {
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms if ms < 60_000.0 => format!("{:.1} s", ms / 1000.0),
        ms => format!("{:.1} min", ms / 60_000.0),
    }
}
