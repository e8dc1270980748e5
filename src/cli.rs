//! The command line: what can be asked, and one thin file for each command.

#[path = "cli/break.rs"]
mod break_;
mod check;
mod cleanup;
mod discord;
mod explain;
mod history;
mod lab;
mod lint;
mod matrix;
mod permissions;
mod plan;
mod record;
mod relay;
mod report;
mod run;
mod schema;
mod standing;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use self::report::ReportArgs;
use self::standing::StandingArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::inspection::Names;
use crate::journal;
use crate::scenario::{Scenario, Wait};
use crate::target::LOCALSTACK_IMAGE;
use crate::text::Lang;

/// A fire drill for cloud alarms.
///
/// Opens an inbound port on a security group, proves that the alert arrives at an SNS subscriber and in a Discord
/// channel, and puts everything back. If the alert does not come, it names the link of the chain that broke.
#[derive(Debug, Parser)]
#[command(name = "alert-drill", version, after_help = Exit::HELP, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// With no command, the default drill is run on the lab.
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    shared: SharedArgs,
}

#[derive(Debug, Args)]
struct SharedArgs {
    /// The language of the output; the locale decides where this is not given.
    #[arg(long, value_enum, global = true)]
    lang: Option<Lang>,
    /// The form of the output.
    #[arg(long, value_enum, global = true, default_value_t = Output::Human)]
    output: Output,
}

/// A target that a run starts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TargetArg {
    /// The embedded AWS of this process.
    Lab,
    /// LocalStack in a container, which needs Docker.
    Localstack,
    /// A real account.
    Aws,
}

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Human,
    /// One JSON document.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run drills (what happens when no command is given).
    #[command(after_help = Exit::HELP)]
    Run(Box<RunArgs>),
    /// Look at a pipeline that stands, hop by hop, and say what is wrong and how to mend it; nothing is changed.
    #[command(after_help = Exit::HELP)]
    Check(Box<CheckArgs>),
    /// Remove what any run has left behind, whatever became of it: a port that is open, a probe, a changed webhook.
    #[command(after_help = Exit::HELP)]
    Cleanup(CleanupArgs),
    /// Explain a finding's code: why it silences the alarm, how to see it, how to mend it.
    Explain(ExplainArgs),
    /// Sum up the history of a scheduled run: pass rate, latencies by hop, and whether they have changed.
    History(history::HistoryArgs),
    /// Serve the lab until it is stopped.
    Lab(LabArgs),
    /// Stand in front of an endpoint without CloudTrail (LocalStack, say) and put the events on its bus that it lacks.
    Relay(RelayArgs),
    /// Print the IAM policy of what a run calls, and nothing else.
    Permissions(permissions::PermissionsArgs),
    /// Break one thing of the pipeline that stands on a lab or on LocalStack, as an exercise.
    #[command(after_help = Exit::HELP)]
    Break(BreakArgs),
    /// Check a scenario file and name all of its mistakes.
    Lint(LintArgs),
    /// Print the JSON Schema of scenario files.
    Schema,
    /// Print completions for a shell.
    #[command(hide = true)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    #[command(hide = true)]
    Man,
}

/// The names of a pipeline that stands.
#[derive(Clone, Debug, Args)]
struct NamesArgs {
    /// The trail's name, in place of the scenario's.
    #[arg(long, value_name = "NAME")]
    trail: Option<String>,
    /// The rule's name, in place of the scenario's.
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// The topic's name, in place of the scenario's.
    #[arg(long, value_name = "NAME")]
    topic: Option<String>,
    /// The function's name, in place of the scenario's.
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// The security group's name or id, in place of the scenario's name.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
}

impl NamesArgs {
    /// The scenario's names, but for those that were given.
    fn of(self, scenario: &Scenario) -> Names {
        let mut names = Names::of(scenario);
        for (name, given) in [
            (&mut names.trail, self.trail),
            (&mut names.rule, self.rule),
            (&mut names.topic, self.topic),
            (&mut names.function, self.function),
            (&mut names.group, self.group),
        ] {
            *name = given.unwrap_or_else(|| std::mem::take(name));
        }
        names
    }

    fn is_any_given(&self) -> bool {
        [&self.trail, &self.rule, &self.topic, &self.function, &self.group].into_iter().any(Option::is_some)
    }
}

#[derive(Clone, Debug, Args)]
struct RunArgs {
    /// The scenario: a folder or a file. The shipped one where this is not given.
    scenario: Option<PathBuf>,
    /// Run on an endpoint that runs already, such as LocalStack at http://127.0.0.1:4566, in place of a lab of the run's own.
    #[arg(long, value_name = "URL", env = "ALERT_DRILL_ENDPOINT_URL")]
    endpoint_url: Option<String>,
    /// Where to run: the lab (the default), LocalStack in a container of the run's own, or a real account.
    #[arg(long, value_enum)]
    target: Option<TargetArg>,
    /// The account that is meant, which the credentials must be of: its twelve digits. With --target aws it has to be named, by
    /// this, by a role, or in a matrix.
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: Option<String>,
    /// Drill the pipeline that stands there, in place of one that is built for the run: its function posts to what --discord
    /// says meanwhile, and nothing else of it is changed.
    #[arg(long)]
    adopt: bool,
    #[command(flatten)]
    names: NamesArgs,
    #[command(flatten)]
    discord: discord::DiscordArgs,
    /// With --target aws: let drills open a port to more than ranges for documentation, for the moment of the call.
    #[arg(long)]
    allow_open_to_world: bool,
    /// With --target aws --adopt: let drills open a group that is attached to something else than the scenario's instance.
    #[arg(long)]
    allow_shared_group: bool,
    /// The image of LocalStack's container.
    #[arg(
        long,
        value_name = "IMAGE",
        env = "ALERT_DRILL_LOCALSTACK_IMAGE",
        default_value = LOCALSTACK_IMAGE,
        hide_env_values = true
    )]
    localstack_image: String,
    /// Run the drill of this name; can be given several times.
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    drill: Vec<String>,
    /// Run all drills of the scenario.
    #[arg(long)]
    all: bool,
    /// How many drills run side by side, each on a security group of its own.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Run each drill so many times.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeat: u16,
    /// Leave everything standing at the end.
    #[arg(long)]
    keep: bool,
    /// Change nothing: print every call that the run would make, and in an account what EC2 answers to those that it can be asked
    /// about with DryRun.
    #[arg(long)]
    dry_run: bool,
    /// How long an alert may take, such as 500ms, 5s or 2m, in place of what the scenario says.
    #[arg(long, value_name = "T", value_parser = timeout)]
    timeout: Option<Duration>,
    /// From when on an alert is late, in place of what the scenario says: the drill passes, and a finding says so.
    #[arg(long, value_name = "T", value_parser = timeout)]
    warn_after: Option<Duration>,
    /// Until when an alert is expected, in place of what the scenario says.
    #[arg(long, value_name = "T", value_parser = timeout)]
    expect_by: Option<Duration>,
    /// The function's package: a zip, or an executable that becomes its bootstrap. The scenario's own where this is not
    /// given.
    #[arg(long, value_name = "FILE", env = "ALERT_DRILL_NOTIFIER")]
    notifier: Option<PathBuf>,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    places: matrix::PlaceArgs,
    #[command(flatten)]
    record: record::RecordArgs,
    #[command(flatten)]
    journal: JournalArgs,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// The scenario whose names are looked for: a folder or a file. The shipped one where this is not given.
    scenario: Option<PathBuf>,
    #[command(flatten)]
    standing: StandingArgs,
    #[command(flatten)]
    names: NamesArgs,
    /// Try a copy of the function on this machine, with a Discord of its own: it runs the function's code here. In a lab
    /// on this machine this is done without asking.
    #[arg(long, overrides_with = "no_invoke")]
    invoke: bool,
    /// Do not try the function.
    #[arg(long)]
    no_invoke: bool,
    /// Run drills on the pipeline as well: a security group of the drill's own is opened and closed, the function posts to what
    /// --discord says meanwhile, and everything is put back.
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    discord: discord::DiscordArgs,
    /// With --live: run the drill of this name; can be given several times.
    #[arg(long, value_name = "NAME", conflicts_with = "all", requires = "live")]
    drill: Vec<String>,
    /// With --live: run all drills of the scenario.
    #[arg(long, requires = "live")]
    all: bool,
    /// With --live: how long an alert may take, such as 500ms, 5s or 2m, in place of what the scenario says.
    #[arg(long, value_name = "T", value_parser = timeout, requires = "live")]
    timeout: Option<Duration>,
    #[command(flatten)]
    reports: ReportArgs,
    #[command(flatten)]
    journal: JournalArgs,
}

#[derive(Debug, Args)]
struct CleanupArgs {
    #[command(flatten)]
    standing: StandingArgs,
    #[command(flatten)]
    journal: JournalArgs,
    /// Only what the run of this id has left.
    #[arg(long, value_name = "RUN_ID")]
    run: Option<String>,
    /// Also what runs have left whose lease is still good: only if you know that they are over.
    #[arg(long)]
    ignore_leases: bool,
    /// List what would be removed, and remove nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Debug, Args)]
struct JournalArgs {
    /// The folder of the journals, in place of $XDG_STATE_HOME/alert-drill/runs (~/.local/state/alert-drill/runs).
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
}

impl JournalArgs {
    /// The folder; none where the user has none.
    fn folder(self) -> Option<PathBuf> {
        self.journal.or_else(journal::usual_folder)
    }
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// The code, such as TOPIC_POLICY_DENIES; where none is given, all are listed.
    code: Option<String>,
}

#[derive(Debug, Args)]
struct LabArgs {
    /// Where to listen; port 0 takes any free one. Other machines can reach the lab only if you say so here.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:4566")]
    listen: std::net::SocketAddr,
    /// Answer to this name too, beside localhost and the lab's own address: that of its container, say. Can be given
    /// several times.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Let calls and deliveries fail as this file of JSON says; /_lab/faults shows and changes them while the lab runs.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Trust the certificate authorities in this file of PEM as well, where an HTTPS endpoint subscribes to a topic. AWS
    /// trusts the public ones alone, and so does the lab without it.
    #[arg(long, value_name = "FILE", env = "AWS_CA_BUNDLE")]
    ca_bundle: Option<PathBuf>,
    /// Hold callers to their IAM policies: users by the access keys that this lab gave them, and sessions of roles.
    #[arg(long)]
    enforce_iam: bool,
    /// The Discord channel that the lab's webhook posts to.
    #[arg(long, value_name = "NAME", default_value = "securitygroup-alarm")]
    channel: String,
}

#[derive(Debug, Args)]
struct RelayArgs {
    /// The endpoint to stand in front of, such as http://127.0.0.1:4566.
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// Where to listen; port 0 takes any free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:4567")]
    listen: std::net::SocketAddr,
    /// How long an event is put again and again while the endpoint does not take it, such as 30s.
    #[arg(long, value_name = "T", value_parser = timeout, default_value = "30s")]
    patience: Duration,
}

#[derive(Debug, Args)]
struct BreakArgs {
    /// What to break; `--list` names everything.
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// List all breaks, with the hop of each and what it does.
    #[arg(long, conflicts_with_all = ["name", "tell"])]
    list: bool,
    /// The lab or LocalStack that the pipeline stands on, such as http://127.0.0.1:4566. AWS itself is refused.
    #[arg(long, value_name = "URL", env = "ALERT_DRILL_ENDPOINT_URL", required_unless_present = "list")]
    endpoint_url: Option<String>,
    /// Whose pipeline: the account's twelve digits. Those of AWS_ACCESS_KEY_ID, if it has twelve, where this is not given.
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: Option<String>,
    /// The scenario whose names the pipeline has: a folder or a file. The shipped one where this is not given.
    #[arg(long, value_name = "PATH")]
    scenario: Option<PathBuf>,
    /// Say what was broken. Without it, finding out is the exercise.
    #[arg(long)]
    tell: bool,
}

#[derive(Debug, Args)]
struct LintArgs {
    /// The scenario: a folder or a file.
    scenario: PathBuf,
}

/// An emulator's access key is its account; the AWS CLI beside this has it in the environment.
fn account_of_key() -> Option<String> {
    std::env::var("AWS_ACCESS_KEY_ID").ok().and_then(|key| account(&key).ok())
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account's number has twelve digits".to_owned()),
    }
}

fn timeout(text: &str) -> Result<Duration, String> {
    text.parse::<Wait>().map(Wait::duration).map_err(|refused| refused.to_string())
}

impl Cli {
    /// The language that was asked for, or the locale's.
    fn lang(&self, context: &Context) -> Lang {
        self.shared.lang.unwrap_or(context.lang)
    }

    /// Carries out what was asked.
    pub async fn execute(self, context: &Context) -> Exit {
        let (lang, output) = (self.lang(context), self.shared.output);
        match self.command {
            None if self.run.scenario.as_deref().is_some_and(is_mistyped_command) => {
                let word = self.run.scenario.unwrap_or_default();
                let text = format!("`{}` is neither a command nor a scenario's folder or file", word.display());
                // The terminal that cannot be written to has nobody who reads it.
                let _ = Self::command().error(ErrorKind::InvalidSubcommand, text).print();
                Exit::Usage
            }
            None => run::execute(self.run, lang, output, context).await,
            Some(Command::Run(args)) => run::execute(*args, lang, output, context).await,
            Some(Command::Check(args)) => check::execute(*args, lang, output, context).await,
            Some(Command::Cleanup(args)) => cleanup::execute(args, lang, output).await,
            Some(Command::Explain(args)) => explain::execute(&args, lang),
            Some(Command::History(args)) => history::execute(args, lang, output),
            Some(Command::Lab(args)) => lab::execute(args, lang, output).await,
            Some(Command::Permissions(args)) => permissions::execute(&args, context),
            Some(Command::Relay(args)) => relay::execute(args, lang, output).await,
            Some(Command::Break(args)) => break_::execute(args, lang, output, context).await,
            Some(Command::Lint(args)) => lint::execute(&args, context),
            Some(Command::Schema) => schema::execute(),
            Some(Command::Completions { shell }) => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Self::command(), "alert-drill", &mut script);
                print(&script)
            }
            Some(Command::Man) => {
                let mut page = Vec::new();
                match clap_mangen::Man::new(Self::command()).render(&mut page) {
                    Ok(()) => print(&page),
                    Err(error) => fail(Exit::Internal, &error),
                }
            }
        }
    }
}

/// Whether a scenario that was given without a command looks like a command: one bare word that names no file.
fn is_mistyped_command(scenario: &Path) -> bool {
    let bare = scenario.file_name() == Some(scenario.as_os_str()) && scenario.extension().is_none();
    bare && !scenario.exists()
}

/// Writes a result to standard output. A reader that closed its end (`| head`) has seen enough.
fn print(bytes: &[u8]) -> Exit {
    match anstream::stdout().lock().write_all(bytes) {
        Ok(()) => Exit::Passed,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Passed,
        Err(error) => fail(Exit::CouldNotRun, &error),
    }
}

/// A result in the form that is asked for; how the process ends where JSON cannot write it.
fn formed(result: &impl serde::Serialize, output: Output, human: impl FnOnce() -> String) -> Result<String, Exit> {
    match output {
        Output::Human => Ok(human()),
        Output::Json => {
            let document = serde_json::to_string_pretty(result).map_err(|error| fail(Exit::Internal, &error))?;
            Ok(document + "\n")
        }
    }
}

/// Says on standard error why there is no result.
fn fail(exit: Exit, error: &dyn std::fmt::Display) -> Exit {
    anstream::eprintln!("{}error:{:#} {error}", ERROR, ERROR);
    exit
}

const ERROR: anstyle::Style = anstyle::AnsiColor::Red.on_default().bold();
