//! What the written reports say in their own words. What was found is in the report's language already.

use super::groups::Group;
use super::{Expected, HopStatus, NoRun, Report, Standing, Verdict};
use crate::diagnosis::Severity;
use crate::drill::DiscordWatch;
use crate::scenario::Hop;
use crate::target::{Capabilities, Skew};
use crate::text::Lang;

/// The verdict on a report, in one sentence.
pub(super) fn headline(report: &Report, lang: Lang) -> &'static str {
    if is_check(report) {
        return checked(report.verdict, lang);
    }
    match report.verdict {
        Verdict::Passed => lang.choose("the alarm works as it must", "알림이 제대로 동작합니다"),
        Verdict::Failed => lang.choose("the alarm does not work as it must", "알림이 제대로 동작하지 않습니다"),
        Verdict::Error => {
            lang.choose("no verdict: the harness could not find out", "판정 불가: 끝까지 확인하지 못했습니다")
        }
        Verdict::Skipped => lang.choose("the target cannot show it", "이 대상에서는 확인할 수 없습니다"),
    }
}

/// That there was no run.
pub(super) fn no_run(no_run: &NoRun, lang: Lang) -> &'static str {
    match no_run.interrupted {
        true => Words::of(lang).interrupted,
        false => lang.choose("no verdict: nothing could be run", "판정 불가: 실행하지 못했습니다"),
    }
}

/// The verdict on a pipeline that was looked at.
pub(super) fn checked(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Passed => lang.choose("nothing silences this alarm", "알림을 막는 것이 없습니다"),
        Verdict::Failed => lang.choose("this alarm is silent", "이 알림은 울리지 않습니다"),
        Verdict::Error | Verdict::Skipped => {
            lang.choose("not everything could be looked at", "확인하지 못한 것이 있습니다")
        }
    }
}

/// Whether it is of a check without drills.
pub(super) fn is_check(report: &Report) -> bool {
    report.inspection.is_some() && report.drills.is_empty()
}

/// How far this machine's clock is from the target's.
pub(super) fn clock(skew: Skew, lang: Lang) -> String {
    let (off, uncertain) = (skew.ms.abs() as f64 / 1000.0, skew.uncertainty_ms as f64 / 1000.0);
    let (english, korean) = if skew.ms > 0 { ("behind", "느립니다") } else { ("ahead of", "빠릅니다") };
    let mut text = lang.choose(
        format!("the clock of this machine is {off:.1} s (± {uncertain:.1}) {english} the target's: times are corrected by that"),
        format!("이 컴퓨터의 시계가 대상보다 {off:.1}초(± {uncertain:.1}) {korean}. 시각은 그만큼 보정했습니다"),
    );
    if skew.is_refused() {
        text.push_str(lang.choose(
            "; AWS refuses calls whose clock is more than five minutes off",
            ". 5분 넘게 어긋나면 AWS가 호출을 거부합니다",
        ));
    }
    text
}

/// A verdict in a word.
pub(super) fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    match verdict {
        Verdict::Passed => lang.choose("passed", "성공"),
        Verdict::Failed => lang.choose("failed", "실패"),
        Verdict::Error => lang.choose("no verdict", "판정 불가"),
        Verdict::Skipped => lang.choose("skipped", "건너뜀"),
    }
}

/// A verdict as a sign.
pub(super) const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✓",
        Verdict::Failed => "✗",
        Verdict::Error => "!",
        Verdict::Skipped => "–",
    }
}

/// What a hop is in AWS.
pub(super) fn hop(hop: Hop, lang: Lang) -> &'static str {
    match hop {
        Hop::Api => lang.choose("EC2 call", "EC2 호출"),
        Hop::Trail => lang.choose("CloudTrail trail", "CloudTrail 추적"),
        Hop::Bus => lang.choose("event bus", "이벤트 버스"),
        Hop::Rule => lang.choose("EventBridge rule", "EventBridge 규칙"),
        Hop::Topic => lang.choose("SNS topic", "SNS 주제"),
        Hop::Queue => lang.choose("SQS queue", "SQS 대기열"),
        Hop::Function => lang.choose("Lambda function", "Lambda 함수"),
        Hop::Discord => lang.choose("Discord channel", "디스코드 채널"),
        Hop::Mail => lang.choose("mailbox", "메일함"),
    }
}

/// Whether a hop was reached, in words.
pub(super) fn status(status: HopStatus, lang: Lang) -> &'static str {
    match status {
        HopStatus::Reached => lang.choose("reached", "도착"),
        HopStatus::Synthesised => lang.choose("the harness stood in", "하네스가 대신함"),
        HopStatus::Broken => lang.choose("stopped here", "여기서 끊김"),
        HopStatus::NotReached => lang.choose("not reached", "도착하지 않음"),
        HopStatus::Unknown => lang.choose("unknown", "알 수 없음"),
    }
}

/// How a hop stands, in words.
pub(super) fn standing(standing: Standing, lang: Lang) -> &'static str {
    match standing {
        Standing::Right => lang.choose("right", "정상"),
        Standing::Unknown => lang.choose("not looked at", "확인하지 못함"),
        Standing::Warned => lang.choose("to know", "알아둘 것"),
        Standing::Wrong => lang.choose("wrong", "잘못됨"),
    }
}

/// How much a finding matters, in words.
pub(super) fn severity(severity: Severity, lang: Lang) -> &'static str {
    match severity {
        Severity::Error => lang.choose("wrong", "잘못됨"),
        Severity::Warning => lang.choose("to know", "알아둘 것"),
    }
}

/// What a drill expects, as a sentence.
pub(super) fn expected(expected: &Expected, lang: Lang) -> String {
    match expected {
        Expected::Alert { at, within_ms, .. } => {
            let at = at.iter().map(|hop| hop.as_str()).collect::<Vec<_>>().join(", ");
            let within = super::terminal::wait(*within_ms);
            lang.choose(format!("an alert at {at} within {within}"), format!("{within} 안에 {at}에 알림"))
        }
        Expected::Silence { for_ms } => {
            let length = super::terminal::wait(*for_ms);
            lang.choose(format!("silence for {length}"), format!("{length} 동안 알림 없음"))
        }
    }
}

/// How many drills ended how; of a check without drills, how much was found.
pub(super) fn tally(report: &Report, lang: Lang) -> String {
    if is_check(report) {
        let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        return lang.choose(
            format!("{errors} wrong, {warnings} to know"),
            format!("잘못된 것 {errors}, 알아둘 것 {warnings}"),
        );
    }
    counts(|verdict| report.drills.iter().filter(|drill| drill.verdict == verdict).count(), lang)
}

/// How many runs of a drill ended how.
pub(super) fn runs(group: &Group<'_>, lang: Lang) -> String {
    match group.is_repeated() {
        true => counts(|verdict| group.count(verdict), lang),
        false => verdict(group.verdict(), lang).to_owned(),
    }
}

fn counts(count: impl Fn(Verdict) -> usize, lang: Lang) -> String {
    let all = [Verdict::Passed, Verdict::Failed, Verdict::Error, Verdict::Skipped];
    let shown =
        all.into_iter().map(|one| (one, count(one))).filter(|(one, count)| *count > 0 || *one == Verdict::Passed);
    let word = |(one, count)| {
        let word = verdict(one, lang);
        // `2 no verdict` is no English.
        let english = if one == Verdict::Error { "without a verdict" } else { word };
        lang.choose(format!("{count} {english}"), format!("{word} {count}"))
    };
    shown.map(word).collect::<Vec<_>>().join(", ")
}

/// That not all runs of a drill are shown in full.
pub(super) fn left_out(shown: usize, of: usize, lang: Lang) -> String {
    lang.choose(
        format!("{shown} of {of} runs are shown in full: what failed first, then the slowest. The JSON report has them all."),
        format!("실행 {of}회 가운데 {shown}회만 자세히 보여 줍니다(실패한 것 먼저, 다음은 가장 느린 것). 전체는 JSON 보고서에 있습니다."),
    )
}

/// What a target cannot show; nothing for the lab, which can show everything.
pub(super) fn lacks(capabilities: Capabilities, lang: Lang) -> Vec<&'static str> {
    let Capabilities { emits_cloudtrail_events, serves_cloudtrail, runs_functions, enforces_policies, .. } =
        capabilities;
    let lacks = [
        (
            emits_cloudtrail_events,
            "makes no CloudTrail events (the relay makes them)",
            "CloudTrail 이벤트를 만들지 않음 (릴레이가 대신 만듦)",
        ),
        (serves_cloudtrail, "has no CloudTrail API (there is no trail)", "CloudTrail API 없음 (추적을 만들지 않음)"),
        (
            runs_functions != Some(false),
            "runs no functions (the harness runs them)",
            "함수를 실행하지 않음 (하네스가 대신 실행함)",
        ),
        (enforces_policies, "does not enforce policies", "정책을 적용하지 않음"),
    ];
    lacks.iter().filter(|(has, ..)| !has).map(|(_, english, korean)| lang.choose(*english, *korean)).collect()
}

/// How the Discord channel was watched; nothing where it was as usual, by the mock.
pub(super) fn watched(report: &Report, lang: Lang) -> Option<&'static str> {
    Some(match report.discord? {
        DiscordWatch::Mock => return None,
        DiscordWatch::Capture => lang.choose(
            "Discord: the function posted to a temporary function URL",
            "디스코드: 함수가 임시 함수 URL로 보냄",
        ),
        DiscordWatch::Tunnel => lang.choose(
            "Discord: the function posted to the mocked webhook, through a tunnel",
            "디스코드: 함수가 터널을 거쳐 모의 웹후크로 보냄",
        ),
        DiscordWatch::Live => lang.choose(
            "Discord: the function posted to the real channel, and a bot read it back",
            "디스코드: 함수가 실제 채널로 보냈고 봇이 다시 읽음",
        ),
        DiscordWatch::None => lang.choose("Discord: nobody watched the channel", "디스코드: 채널을 확인하지 않음"),
    })
}

/// Whether a remedy can be pasted into a shell as it stands; the others are sentences.
pub(super) fn is_command(remedy: &str) -> bool {
    ["aws ", "KEY=$(aws ", "{ aws "].iter().any(|start| remedy.starts_with(start))
}

macro_rules! words {
    ($($name:ident: $english:literal, $korean:literal;)+) => {
        /// Headings, labels and short sentences.
        #[derive(Debug)]
        pub(super) struct Words { $(pub(super) $name: &'static str,)+ }

        impl Words {
            /// Those of a language.
            pub(super) fn of(lang: Lang) -> Self {
                match lang {
                    Lang::En => Self { $($name: $english,)+ },
                    Lang::Ko => Self { $($name: $korean,)+ },
                }
            }
        }
    };
}

words! {
    target: "Target", "대상";
    account: "Account", "계정";
    began: "Began", "시작";
    took: "Took", "소요 시간";
    run_id: "Run", "실행 ID";
    verdict: "Verdict", "판정";
    findings: "What is wrong, and how to mend it", "원인과 해결 방법";
    evidence: "What shows it", "근거";
    remedy: "To mend it", "해결 방법";
    console: "Console", "콘솔";
    more: "More:", "자세히:";
    overview: "All drills", "전체 훈련";
    drills: "Drills", "훈련";
    drill: "Drill", "훈련";
    runs: "Runs", "실행";
    advisory: "advisory", "권고";
    expected: "Expected", "기대";
    why: "Why", "원인";
    ladder: "How far the alert came", "알림이 지나간 길";
    hop: "Hop", "구간";
    time: "Time", "시간";
    arrived: "Arrived after", "도착까지";
    untimed: "No time is known of:", "시간을 알 수 없는 구간:";
    scale: "Times count from the beginning of the EC2 call; the axis is to scale.",
        "시간은 EC2 호출을 시작한 때부터 잰 값이며, 축은 실제 비율대로입니다.";
    discord: "In the Discord channel", "디스코드 채널";
    app: "APP", "앱";
    edited: "(edited)", "(수정됨)";
    picture: "Picture:", "그림:";
    mail: "In the mailbox", "메일함";
    from: "From", "보낸 사람";
    to: "To", "받는 사람";
    subject: "Subject", "제목";
    call: "The call", "호출";
    group: "Security group", "보안 그룹";
    rules: "Rules", "규칙";
    request_id: "Request", "요청 ID";
    record: "CloudTrail record", "CloudTrail 레코드";
    no_record: "Nobody saw a CloudTrail record of this call.", "이 호출의 CloudTrail 레코드를 보지 못했습니다.";
    median: "half within", "중앙값";
    slowest: "slowest", "가장 느린 실행";
    pipeline: "The pipeline as it stands", "지금의 파이프라인";
    changes: "What raises an alert", "알림이 오는 변경";
    rings_for: "Changes that have to raise an alert, and do:", "알림이 와야 하는 변경 중 오는 것:";
    event: "Event", "이벤트";
    change: "Change", "변경";
    alert: "Alert", "알림";
    rings: "yes", "옴";
    silent: "no", "오지 않음";
    harmless: "none needed", "필요 없음";
    trials: "The function, tried", "함수 시험";
    answered: "Discord answered", "디스코드 응답";
    answer: "The function's answer", "함수의 응답";
    no_request: "no request to Discord", "디스코드 요청 없음";
    cleanup: "Clean-up", "정리";
    removed: "Everything was removed.", "모두 정리되었습니다.";
    kept: "Everything was kept as it stands (--keep).", "정리하지 않고 그대로 두었습니다(--keep).";
    left: "These are still there:", "지우지 못하고 남은 것:";
    dead: "The emulator cannot delete these; only their names stay there until it is restarted:",
        "에뮬레이터가 지우지 못해 다시 시작할 때까지 이름만 남는 것:";
    interrupted: "The run was interrupted.", "실행이 중단되었습니다.";
    harness: "of it the harness's own", "하네스 자체";
}
