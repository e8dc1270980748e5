//! `alert-drill cleanup`.

use std::fmt::Write as _;

use super::{CleanupArgs, Output, fail, formed, print};
use crate::exit::Exit;
use crate::sweep::{Sweep, Swept};
use crate::text::Lang;

/// The Region of the shipped scenario.
const REGION: &str = "ap-northeast-2";

pub(super) async fn execute(args: CleanupArgs, lang: Lang, output: Output) -> Exit {
    let region = args.standing.region().unwrap_or_else(|| REGION.to_owned());
    let sweep = Sweep::new(args.standing.place(), args.standing.account(), region)
        .journal(args.journal.folder())
        .only(args.run)
        .ignore_leases(args.ignore_leases)
        .dry_run(args.dry_run);
    let swept = match sweep.execute().await {
        Ok(swept) => swept,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let text = match formed(&swept, output, || shown(&swept, lang)) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    match print(text.as_bytes()) {
        Exit::Passed if swept.is_clean() => Exit::Passed,
        Exit::Passed => Exit::LeftBehind,
        not_written => not_written,
    }
}

fn shown(swept: &Swept, lang: Lang) -> String {
    let mut out = String::new();
    let Swept { removed, left_behind, at_work, unmarked, dry_run, .. } = swept;
    let verb = match dry_run {
        true => lang.choose("would remove", "삭제 예정"),
        false => lang.choose("removed", "삭제"),
    };
    for item in removed {
        let _ = writeln!(out, "{verb}: {} {} ({})", item.kind, item.id, item.run_id);
    }
    for left in left_behind {
        let label = lang.choose("left behind", "남음");
        let _ = writeln!(out, "{label}: {} {}: {}", left.kind, left.id, left.reason);
    }
    for run in at_work {
        let _ = match run.until {
            Some(until) => writeln!(
                out,
                "{}",
                lang.choose(
                    format!(
                        "left alone: {} things of the run {}, which may be at work: its lease is good until {until} \
                         (--ignore-leases, if you know that it is over)",
                        run.things, run.run_id
                    ),
                    format!(
                        "건드리지 않음: 실행 {}의 리소스 {}개. 아직 실행 중일 수 있습니다(임대 만료 {until}). 끝난 것이 \
                         확실하면 --ignore-leases",
                        run.run_id, run.things
                    ),
                )
            ),
            None => writeln!(
                out,
                "{}",
                lang.choose(
                    format!("left alone: {} things of the run {}, which is at work here", run.things, run.run_id),
                    format!("건드리지 않음: 실행 {}의 리소스 {}개. 이 컴퓨터에서 실행 중입니다", run.run_id, run.things),
                )
            ),
        };
    }
    for one in unmarked {
        let _ = writeln!(
            out,
            "{}",
            lang.choose(
                format!("left alone: {} {}, which looks like a run's and carries no tag of one", one.kind, one.id),
                format!("건드리지 않음: {} {}. 이름은 실행의 것과 같지만 태그가 없습니다", one.kind, one.id),
            )
        );
    }
    let at = swept.target.endpoint_url.as_deref().unwrap_or("AWS");
    let (account, region) = (&swept.target.account, &swept.target.region);
    let end = match (swept.is_clean(), removed.is_empty(), dry_run) {
        (true, true, _) => lang.choose("nothing of any run is there", "남아 있는 것이 없습니다"),
        (true, false, false) => lang.choose("everything removed", "모두 정리됨"),
        (true, false, true) => lang.choose("nothing was changed", "아무것도 바꾸지 않았습니다"),
        (false, ..) => lang.choose("not everything is removed", "정리하지 못한 것이 있습니다"),
    };
    let _ = writeln!(out, "{account} {region} ({at}): {end}");
    out
}
