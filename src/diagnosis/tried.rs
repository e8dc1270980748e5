//! From the tries of a function to findings.

use super::catalogue::{self, Subject};
use super::finding::{Code, Finding, Severity};
use crate::scenario::Hop;
use crate::text::Lang;
use crate::trial::{Problem, Tried};

/// A trouble, and the circumstances that show it in these words.
struct Kind {
    code: Code,
    severity: Severity,
    shown: Vec<(String, Vec<String>)>,
}

/// The findings of the tries, one for each kind of trouble, with each circumstance that shows it.
pub(crate) fn findings(tried: &[Tried], subject: &Subject<'_>, lang: Lang) -> Vec<Finding> {
    let mut kinds: Vec<Kind> = Vec::new();
    for one in tried {
        for problem in &one.problems {
            let Some(code) = problem.code() else { continue };
            // The alarm is silent where a change that must be heard of is not.
            let severity = if problem.silences() && one.must_alert { Severity::Error } else { Severity::Warning };
            let (shape, words) = (one.trial.shape.clone(), problem.words(lang));
            let kind = match kinds.iter_mut().find(|kind| kind.code == code) {
                Some(kind) => kind,
                None => {
                    kinds.push(Kind { code, severity, shown: Vec::new() });
                    let Some(new) = kinds.last_mut() else { continue };
                    new
                }
            };
            kind.severity = kind.severity.max(severity);
            match kind.shown.iter_mut().find(|(known, _)| *known == words) {
                Some((_, shapes)) => shapes.push(shape),
                None => kind.shown.push((words, vec![shape])),
            }
        }
    }
    let shapes = tried.iter().filter(|one| one.is_shape).count();
    let line = |(words, of): (String, Vec<String>)| match of.len() == shapes && shapes > 1 {
        true => lang.choose(format!("every record: {words}"), format!("모든 이벤트: {words}")),
        false => format!("{}: {words}", of.join(", ")),
    };
    let kinds = kinds.into_iter().map(|kind| (kind.code, kind.severity, kind.shown.into_iter().map(line).collect()));
    kinds.map(|(code, severity, evidence)| of(code, severity, evidence, subject, lang)).collect()
}

fn of(code: Code, severity: Severity, evidence: Vec<String>, subject: &Subject<'_>, lang: Lang) -> Finding {
    let hop = if code == Code::FunctionFailed { Hop::Function } else { Hop::Discord };
    catalogue::finding(code, hop, severity, evidence, subject, lang)
}

/// What this machine kept from being tried.
pub(crate) fn unknown(tried: &[Tried], lang: Lang) -> Option<String> {
    let mut problems = tried.iter().flat_map(|one| &one.problems);
    problems.find_map(|problem| matches!(problem, Problem::OfMachine(_)).then(|| problem.words(lang)))
}
