//! The common end of `run` and `check`: the result on standard output, the reports in their files, the exit code.

use std::path::PathBuf;

use clap::Args;

use super::{Output, fail, print};
use crate::exit::Exit;
use crate::report::{Document, FileError, NoRun, Report, ReportFile, terminal};
use crate::text::Lang;

/// The files that a report is written to, beside the result on standard output.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ReportArgs {
    /// Write one page for a browser: the ladder as a timeline, messages and mails as people saw them, findings, records. It
    /// loads nothing from anywhere.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    report_html: Option<PathBuf>,
    /// Write JUnit's XML for a CI: a failure is the pipeline's, an error is the harness's.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    report_junit: Option<PathBuf>,
    /// Write the document of `--output json`.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    report_json: Option<PathBuf>,
    /// Write Markdown for a job's summary or a comment on GitHub.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    report_markdown: Option<PathBuf>,
}

impl ReportArgs {
    /// Whether any file was asked for.
    pub(super) fn are_asked(&self) -> bool {
        let files = [&self.report_html, &self.report_junit, &self.report_json, &self.report_markdown];
        files.into_iter().any(Option::is_some)
    }

    /// Looks at the files before anything is run, and takes away what an earlier run had written.
    pub(super) fn prepare(self) -> Result<ReportFiles, FileError> {
        let asked = [
            (Document::Html, self.report_html),
            (Document::Junit, self.report_junit),
            (Document::Json, self.report_json),
            (Document::Markdown, self.report_markdown),
        ];
        let mut files: Vec<(Document, ReportFile)> = Vec::new();
        for (document, path) in asked {
            let Some(path) = path else { continue };
            let file = ReportFile::prepare(&path)?;
            if files.iter().any(|(_, other)| other.is(&file)) {
                return Err(FileError::Twice(path));
            }
            files.push((document, file));
        }
        Ok(ReportFiles(files))
    }
}

/// The files, looked at.
#[derive(Debug)]
pub(super) struct ReportFiles(Vec<(Document, ReportFile)>);

impl ReportFiles {
    /// Writes the files and the result, and says how the process ends. What could not be written turns a pass into an error,
    /// and hides no other verdict.
    pub(super) fn finish(self, report: &Report, lang: Lang, output: Output) -> Exit {
        let written = self.write(|document| document.of(report, lang));
        let text = match output {
            Output::Human => terminal::coloured(report, lang),
            Output::Json => Document::Json.of(report, lang),
        };
        let printed = print(text.as_bytes());
        match (Exit::of_report(report), written, printed) {
            (Exit::Passed, Exit::Passed, printed) => printed,
            (Exit::Passed, not_written, _) => not_written,
            (verdict, ..) => verdict,
        }
    }

    /// Writes into the files, and where the result is JSON into that too, why there was no run.
    pub(super) fn finish_without(self, no_run: &NoRun, lang: Lang, output: Output) {
        self.write(|document| document.of_no_run(no_run, lang));
        if output == Output::Json {
            print(Document::Json.of_no_run(no_run, lang).as_bytes());
        }
    }

    fn write(self, text: impl Fn(Document) -> String) -> Exit {
        let mut written = Exit::Passed;
        for (document, file) in self.0 {
            if let Err(error) = file.write(&text(document)) {
                written = fail(Exit::CouldNotRun, &error);
            }
        }
        written
    }
}
