//! The group that somebody changes.

use super::Judge;
use crate::diagnosis::Code;
use crate::scenario::Hop;

pub(super) fn judge(judge: &mut Judge<'_>) {
    let facts = judge.facts;
    let Some(groups) = judge.known(Hop::Api, Code::GroupAmbiguous, &facts.groups) else { return };
    let name = judge.subject.names.group.clone();
    let shown = |(id, vpc): (&str, &str)| format!("{name} {id} ({vpc})");
    let groups: Vec<String> = groups.iter().map(|group| shown((&group.id, &group.vpc_id))).collect();
    match groups.as_slice() {
        // The last step of the workbook deletes it, and a drill makes one of its own.
        [] => judge.see(
            Hop::Api,
            judge.lang.choose(
                format!("no group {name}: a drill makes its own"),
                format!("그룹 {name} 없음 (훈련이 직접 만듭니다)"),
            ),
        ),
        [one] => judge.see(Hop::Api, one.clone()),
        several => judge.warn(Hop::Api, Code::GroupAmbiguous, several.to_vec()),
    }
}
