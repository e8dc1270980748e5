//! `alert-drill break`.

use std::fmt::Write as _;

use alert_drill_lab::identity::DEFAULT_ACCOUNT;
use serde_json::{Value, json};

use super::{BreakArgs, Output, account_of_key, fail, print};
use crate::breaks::{self, Break, BreakError, Effect};
use crate::context::Context;
use crate::exit::Exit;
use crate::inspection::Names;
use crate::scenario::Scenario;
use crate::target;
use crate::text::Lang;

/// The version of the JSON documents of this command.
const FORMAT_VERSION: u32 = 1;

pub(super) async fn execute(args: BreakArgs, lang: Lang, output: Output, context: &Context) -> Exit {
    if args.list {
        return print(list(lang, output).as_bytes());
    }
    // The command line asks for both where there is no `--list`.
    let (name, url) = (args.name.unwrap_or_default(), args.endpoint_url.unwrap_or_default());
    let wanted = match breaks::named(&name) {
        Ok(wanted) => wanted,
        Err(error) => return fail(exit_of(&error), &error),
    };
    let loaded = args.scenario.as_deref().map_or_else(Scenario::built_in, Scenario::load);
    let scenario = match loaded {
        Ok(scenario) => scenario,
        Err(invalid) => return super::lint::refuse(&invalid, context),
    };
    let account = args.account.or_else(account_of_key).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
    let (clients, product) = match target::emulator_at(&url, scenario.region.as_str(), &account, "break").await {
        Ok(found) => found,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    if let Err(error) = wanted.apply(&clients, &Names::of(&scenario)).await {
        return fail(exit_of(&error), &error);
    }
    let told = args.tell.then_some(wanted);
    let text = match output {
        Output::Human => done(&url, told, lang),
        Output::Json => {
            let told = told.map(|told| entry(told, lang));
            let done =
                json!({ "format_version": FORMAT_VERSION, "endpoint_url": url, "product": product, "broken": told });
            format!("{done:#}\n")
        }
    };
    print(text.as_bytes())
}

const fn exit_of(error: &BreakError) -> Exit {
    match error {
        BreakError::NoSuchBreak { .. } => Exit::Usage,
        BreakError::NotThere { .. } | BreakError::AlreadyBroken { .. } | BreakError::Refused { .. } => {
            Exit::CouldNotRun
        }
    }
}

fn list(lang: Lang, output: Output) -> String {
    match output {
        Output::Human => table(lang),
        Output::Json => {
            let entries: Vec<Value> = breaks::all().map(|one| entry(one, lang)).collect();
            format!("{:#}\n", json!({ "format_version": FORMAT_VERSION, "breaks": entries }))
        }
    }
}

fn entry(one: &Break, lang: Lang) -> Value {
    json!({
        "name": one.name,
        "hop": one.hop,
        "title": one.title(lang),
        "cause": one.cause,
        "effect": one.effect,
        "fails_drill": one.fails_drill(),
    })
}

fn table(lang: Lang) -> String {
    let width = breaks::all().map(|one| one.name.len()).max().unwrap_or_default();
    let mut table = String::new();
    for one in breaks::all() {
        let hop = one.hop.to_string();
        let _ = writeln!(table, "{:width$}  {hop:8}  {}{}", one.name, one.title(lang), remark(one, lang));
    }
    table
}

/// What the teacher has to know: a drill does not show each of them.
fn remark(one: &Break, lang: Lang) -> &'static str {
    match one.effect {
        Effect::Hidden => lang.choose(" [no drill shows it]", " [훈련에는 드러나지 않음]"),
        Effect::Silent(_) | Effect::WrongMessage | Effect::Duplicate | Effect::Answered => "",
    }
}

fn done(url: &str, told: Option<&Break>, lang: Lang) -> String {
    match told {
        Some(told) => lang.choose(
            format!("Broken at {url}: {} ({}): {}\n", told.name, told.hop, told.title(lang)),
            format!("{url} 고장: {} ({}): {}\n", told.name, told.hop, told.title(lang)),
        ),
        None => lang.choose(
            format!("One thing is broken now in the pipeline at {url}. Find it.\n"),
            format!("{url} 파이프라인에 고장을 하나 냈습니다. 찾아보세요.\n"),
        ),
    }
}
