//! A plan as a person reads it: the calls by the parts of the run, numbered, and what EC2 says of them.

use std::fmt::Write as _;

use super::{DryRunOutcome, Phase, Plan, PlannedCall, PlannedPlace, Plans};
use crate::redaction;
use crate::report::style::{BAD, BOLD, DIM, GOOD, ODD};
use crate::text::Lang;

/// The plan with colour. A stream that is no terminal strips it.
pub(crate) fn human(plan: &Plan, lang: Lang) -> String {
    let mut out = String::new();
    let mut part = None;
    let width = plan.calls.iter().map(|call| call.call.chars().count()).max().unwrap_or_default();
    for (position, call) in plan.calls.iter().enumerate() {
        let own = (call.phase, call.drill.as_deref());
        if part != Some(own) {
            if part.is_some() {
                out.push('\n');
            }
            let _ = writeln!(out, "{BOLD}{}{BOLD:#}", title(call, plan, lang));
            part = Some(own);
        }
        line(&mut out, position + 1, call, width, lang);
    }
    closing(&mut out, plan, lang);
    redaction::without_tokens(&out).into_owned()
}

/// The plans of several places one after another, each under its name, and how many there are.
pub(crate) fn human_of_all(plans: &Plans, lang: Lang) -> String {
    let mut out = String::new();
    for PlannedPlace { account, region, reason, plan } in &plans.places {
        let _ = writeln!(out, "{BOLD}== {} {region}{BOLD:#}", account.as_deref().unwrap_or("?"));
        match (plan, reason) {
            (Some(plan), _) => out.push_str(&human(plan, lang)),
            (None, reason) => {
                let _ =
                    writeln!(out, "{BAD}✗{BAD:#} {}", redaction::without_tokens(reason.as_deref().unwrap_or_default()));
            }
        }
        out.push('\n');
    }
    let (all, planned) = (plans.places.len(), plans.places.iter().filter_map(|place| place.plan.as_ref()));
    let (allowed, refused): (Vec<_>, Vec<_>) = planned.partition(|plan| plan.is_allowed());
    let unplanned = all - allowed.len() - refused.len();
    let (style, sign) = if allowed.len() == all { (GOOD, "✓") } else { (BAD, "✗") };
    let text = lang.choose(
        format!(
            "{all} places: {} could run, {} would be refused, {unplanned} without a plan",
            allowed.len(),
            refused.len()
        ),
        format!("{all}곳: 실행 가능 {}, 거부될 것 {}, 계획 없음 {unplanned}", allowed.len(), refused.len()),
    );
    let _ = writeln!(out, "{style}{sign}{style:#} {text}");
    out
}

fn title(call: &PlannedCall, plan: &Plan, lang: Lang) -> String {
    match (call.phase, &call.drill) {
        (Phase::Look, _) => lang.choose("look", "확인").to_owned(),
        (Phase::Hold, _) => lang.choose("hold the group", "보안 그룹 확보").to_owned(),
        (Phase::Provision, _) if plan.adopts => {
            lang.choose("take the pipeline, add the probes", "파이프라인 사용, 탐침 추가").to_owned()
        }
        (Phase::Provision, _) => lang.choose("build pipeline and probes", "파이프라인과 탐침 생성").to_owned(),
        (Phase::Drill, Some(drill)) => lang.choose(format!("drill {drill}"), format!("훈련 {drill}")),
        (Phase::Drill, None) => lang.choose("drills", "훈련").to_owned(),
        (Phase::CleanUp, _) => lang.choose("clean up", "정리").to_owned(),
    }
}

fn line(out: &mut String, number: usize, call: &PlannedCall, width: usize, lang: Lang) {
    let (style, sign) = if call.changes { (ODD, "±") } else { (DIM, " ") };
    let mut about: Vec<&str> = Vec::new();
    // A port and its end are most often the same; what was said is not said again.
    for value in call.parameters.values().filter_map(|value| value.as_str()) {
        if about.last() != Some(&value) {
            about.push(value);
        }
    }
    let repeats = if call.repeats { lang.choose(" (again and again)", " (반복)") } else { "" };
    let text = format!("{:width$}  {DIM}{}{repeats}{DIM:#}", call.call, about.join(" "));
    let _ = writeln!(out, "{number:>5} {style}{sign}{style:#} {}", text.trim_end());
    let Some(dry_run) = &call.dry_run else { return };
    let code = dry_run.code.as_deref().unwrap_or("-");
    let (style, word) = match dry_run.outcome {
        DryRunOutcome::WouldSucceed => (GOOD, lang.choose("would succeed", "성공 예정")),
        DryRunOutcome::WouldBeRefused => (BAD, lang.choose("would be refused", "거부될 것")),
        DryRunOutcome::Failed => (BAD, lang.choose("not known to succeed", "성공을 확인하지 못함")),
    };
    let message = dry_run.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
    let _ = writeln!(out, "{:8}{style}DryRun: {word}{style:#} {DIM}({code}){message}{DIM:#}", "");
}

fn closing(out: &mut String, plan: &Plan, lang: Lang) {
    let (calls, changes) = (plan.calls.len(), plan.calls.iter().filter(|call| call.changes).count());
    let [well, refused, failed] =
        [DryRunOutcome::WouldSucceed, DryRunOutcome::WouldBeRefused, DryRunOutcome::Failed].map(|one| plan.tried(one));
    let tried = match well + refused + failed {
        0 => String::new(),
        tried => lang.choose(
            format!(" · {tried} tried with DryRun: {well} would succeed, {} would not", refused + failed),
            format!(" · DryRun {tried}개: 성공 예정 {well}, 아닌 것 {}", refused + failed),
        ),
    };
    let text = lang.choose(
        format!("{calls} calls, {changes} of them change something{tried} · nothing was changed"),
        format!("호출 {calls}개 중 변경 {changes}개{tried} · 아무것도 바꾸지 않았습니다"),
    );
    let (style, sign) = if plan.is_allowed() { (GOOD, "✓") } else { (BAD, "✗") };
    let target = &plan.target;
    let _ = writeln!(out, "\n{style}{sign}{style:#} {} {} {} · {text}", target.product, target.account, target.region);
    // CloudTrail records them, as refused, and few event patterns tell those apart.
    if plan.calls.iter().any(|call| call.dry_run.is_some() && call.call.contains("SecurityGroupIngress")) {
        let note = lang.choose(
            "the alarm may have rung all the same: CloudTrail records a dry run too, with the error Client.DryRunOperation",
            "그래도 알림이 울렸을 수 있습니다. CloudTrail은 dry run도 Client.DryRunOperation 오류로 기록합니다",
        );
        let _ = writeln!(out, "    {DIM}{note}{DIM:#}");
    }
}
