//! What goes on while a person waits: one line on standard error, and only on a terminal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::drill::RunEvent;
use crate::text::Lang;

/// A line that says what the run is doing.
#[derive(Debug)]
pub struct Progress {
    lang: Lang,
    bar: ProgressBar,
    running: Mutex<BTreeMap<usize, String>>,
}

impl Progress {
    /// A progress line; hidden where standard error is no terminal.
    pub fn new(lang: Lang) -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        Self { lang, bar, running: Mutex::default() }
    }

    /// Shows an event.
    pub fn show(&self, event: &RunEvent) {
        let lang = self.lang;
        let text = match event {
            RunEvent::TargetStarting { image } => {
                self.bar.enable_steady_tick(Duration::from_millis(100));
                lang.choose(format!("starting {image}"), format!("{image} 시작 중"))
            }
            RunEvent::TargetOpened { target, .. } => {
                // Started here and not before: a run that fails at once shows no line.
                self.bar.enable_steady_tick(Duration::from_millis(100));
                format!("{} · {}", target.kind, target.region)
            }
            RunEvent::Provisioning { .. } => lang.choose("building the pipeline", "파이프라인을 만드는 중").to_owned(),
            RunEvent::GroupHeld => return,
            RunEvent::Provisioned { .. } => lang.choose("the pipeline stands", "파이프라인 준비 완료").to_owned(),
            RunEvent::DrillStarted { index, name, .. } => self.running(|running| running.insert(*index, name.clone())),
            RunEvent::Acted { index, call, limit } => self.running(|running| {
                let name = running.get(index).cloned().unwrap_or_default();
                let name = name.split(':').next().unwrap_or_default().to_owned();
                running.insert(*index, format!("{name}: {call}, ≤ {limit:?}"))
            }),
            RunEvent::Overdue { index, expected } => self.running(|running| {
                let late = lang.choose(format!(", expected by {expected:?}"), format!(", {expected:?} 안에 예상했음"));
                running.entry(*index).or_default().push_str(&late);
                None
            }),
            RunEvent::Seen { index, hop, .. } => self.running(|running| {
                let entry = running.entry(*index).or_default();
                entry.push_str(&format!(" → {hop}"));
                None
            }),
            RunEvent::DrillEnded { index, .. } => self.running(|running| running.remove(index)),
            RunEvent::Interrupted => lang.choose("interrupted: cleaning up", "중단됨: 정리 중").to_owned(),
            RunEvent::CleaningUp { resources } => {
                lang.choose(format!("removing {resources} resources"), format!("리소스 {resources}개를 지우는 중"))
            }
            RunEvent::CleanedUp { .. } => {
                self.bar.finish_and_clear();
                return;
            }
        };
        self.bar.set_message(text);
    }

    /// Takes the line away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn running(&self, change: impl FnOnce(&mut BTreeMap<usize, String>) -> Option<String>) -> String {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        running.values().cloned().collect::<Vec<_>>().join(" · ")
    }
}
