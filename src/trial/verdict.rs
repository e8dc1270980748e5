//! What is wrong with a try of the function.

use alert_drill_lab::discord::Exchange;
use serde_json::Value;

use super::Circumstance;
use crate::diagnosis::{Change, Code, GROUP_ID, SOURCE_IP, TIME_IN_KOREA, TIME_IN_UTC, USER};
use crate::text::Lang;

/// What was seen of a try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) circumstance: Circumstance,
    /// Whether the function failed.
    pub(crate) failed: bool,
    /// What it answered, or its error.
    pub(crate) answer: &'a str,
    /// What of this machine may have made it fail.
    pub(crate) note: Option<&'a str>,
    /// The end of its log.
    pub(crate) log: &'a str,
    /// What it asked of Discord.
    pub(crate) exchanges: &'a [Exchange],
    /// What it sent.
    pub(crate) messages: &'a [String],
    /// Whether the function stands on this machine too, so that what this machine lacks is what it lacks.
    pub(crate) at_home: bool,
    /// Whose account the record names.
    pub(crate) account: &'a str,
    /// Which Region.
    pub(crate) region: &'a str,
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The function failed.
    Failed {
        /// Whether before it got the record, so that no record at all can get through.
        init: bool,
        /// Type and message.
        error: String,
        /// The lines of its trace, the innermost last.
        trace: Vec<String>,
    },
    /// It failed, and it may be this machine's fault and none of the function's.
    OfMachine(String),
    /// It ended well and sent nothing.
    NoMessage,
    /// It ended well, and Discord had refused its message.
    Swallowed(u16),
    /// Its message was longer than Discord takes.
    TooLong {
        /// Whether that of an ordinary record is.
        always: bool,
    },
    /// It sent several messages for one record.
    Duplicated(usize),
    /// Its message lacks these.
    Lacks(Vec<Field>),
    /// The two characters `\n` stand in its message.
    LiteralNewlines(String),
    /// A time is given as Korea's that is not.
    TimeWrong(String),
}

/// Something that people need to know of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    EventName,
    Group,
    Time,
    User,
    SourceIp,
    Region,
    Account,
}

impl Field {
    const ALL: [Self; 7] =
        [Self::EventName, Self::Group, Self::Time, Self::User, Self::SourceIp, Self::Region, Self::Account];

    fn words(self, lang: Lang) -> &'static str {
        let (english, korean) = match self {
            Self::EventName => ("event name", "이벤트 이름"),
            Self::Group => ("group id", "보안 그룹 ID"),
            Self::Time => ("time", "시각"),
            Self::User => ("user", "사용자"),
            Self::SourceIp => ("source IP", "소스 IP"),
            Self::Region => ("Region", "리전"),
            Self::Account => ("account id", "계정 ID"),
        };
        lang.choose(english, korean)
    }

    fn is_in(self, text: &str, seen: &Seen<'_>) -> bool {
        match self {
            Self::EventName => text.contains(seen.circumstance.change().event_name()),
            Self::Group => text.contains(GROUP_ID),
            Self::Time => text.contains(TIME_IN_KOREA) || text.contains(TIME_IN_UTC),
            // The root user has no name but its ARN.
            Self::User if seen.circumstance.change() == Change::AddInboundAsRoot => text.contains(":root"),
            Self::User => text.contains(USER),
            Self::SourceIp => text.contains(SOURCE_IP),
            Self::Region => text.contains(seen.region),
            Self::Account => text.contains(seen.account),
        }
    }
}

/// What is wrong with it; nothing where all is right.
pub(crate) fn problems(seen: &Seen<'_>) -> Vec<Problem> {
    match seen.circumstance {
        Circumstance::Refusal(status) => {
            let posted = !seen.exchanges.is_empty();
            let lost = posted && !seen.failed && seen.messages.is_empty();
            if lost { vec![Problem::Swallowed(status)] } else { Vec::new() }
        }
        _ if seen.messages.is_empty() && seen.exchanges.iter().any(is_too_long) => {
            vec![Problem::TooLong { always: seen.circumstance != Circumstance::Long }]
        }
        _ if seen.failed => vec![failure(seen)],
        Circumstance::Long => Vec::new(),
        Circumstance::Shape(_) => of_messages(seen),
    }
}

/// Whether Discord refused a message for the length of something in it.
fn is_too_long(exchange: &Exchange) -> bool {
    /// Invalid Form Body.
    const INVALID: u32 = 50035;
    exchange.refusal.as_ref().is_some_and(|refusal| refusal.code() == INVALID)
}

fn failure(seen: &Seen<'_>) -> Problem {
    if let Some(note) = seen.note.filter(|_| !seen.at_home) {
        return Problem::OfMachine(note.to_owned());
    }
    let document: Value = serde_json::from_str(seen.answer).unwrap_or_default();
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let (kind, message) = (text("errorType"), text("errorMessage"));
    let trace = document["stackTrace"].as_array().into_iter().flatten().filter_map(Value::as_str);
    // The runtime says INIT_REPORT only when the phase went wrong.
    let init = seen.log.contains("INIT_REPORT") || kind.starts_with("Runtime.");
    let trace = trace.flat_map(str::lines).map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned);
    let trace = trace.chain(seen.note.map(str::to_owned));
    Problem::Failed { init, error: format!("{kind}: {message}"), trace: trace.collect() }
}

fn of_messages(seen: &Seen<'_>) -> Vec<Problem> {
    let [text, more @ ..] = seen.messages else {
        let refused = seen.exchanges.iter().map(|one| one.status).find(|status| *status >= 400);
        return vec![refused.map_or(Problem::NoMessage, Problem::Swallowed)];
    };
    let mut problems = Vec::new();
    if !more.is_empty() {
        problems.push(Problem::Duplicated(seen.messages.len()));
    }
    let lacks: Vec<Field> = Field::ALL.into_iter().filter(|field| !field.is_in(text, seen)).collect();
    if !lacks.is_empty() {
        problems.push(Problem::Lacks(lacks));
    }
    if let Some(line) = text.lines().find(|line| line.contains(r"\n")) {
        problems.push(Problem::LiteralNewlines(line.chars().take(120).collect()));
    }
    if let Some(line) = text.lines().find(|line| is_wrong_time(line)) {
        problems.push(Problem::TimeWrong(line.trim().to_owned()));
    }
    problems
}

/// Whether a line gives the record's UTC as Korea's time.
fn is_wrong_time(line: &str) -> bool {
    let korean = ["KST", "한국", "+09:00", "Asia/Seoul"].iter().any(|word| line.contains(word));
    korean && line.contains(TIME_IN_UTC) && !line.contains(TIME_IN_KOREA)
}

impl Problem {
    /// Whether every record meets it.
    pub(crate) fn is_of_init(&self) -> bool {
        matches!(self, Self::Failed { init: true, .. } | Self::OfMachine(_))
    }

    /// The finding that it is; none where nobody knows whose fault it is.
    pub(crate) fn code(&self) -> Option<Code> {
        Some(match self {
            Self::OfMachine(_) => return None,
            Self::Failed { .. } => Code::FunctionFailed,
            Self::NoMessage => Code::MessageMissing,
            Self::Swallowed(_) => Code::ErrorSwallowed,
            Self::TooLong { .. } => Code::MessageTooLong,
            Self::Duplicated(_) => Code::AlertDuplicated,
            Self::Lacks(_) => Code::MessageFieldMissing,
            Self::LiteralNewlines(_) => Code::MessageLiteralNewlines,
            Self::TimeWrong(_) => Code::MessageTimeWrong,
        })
    }

    /// Whether the alarm does not reach its readers because of it.
    pub(crate) fn silences(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::NoMessage | Self::TooLong { always: true })
    }

    /// In words.
    pub(crate) fn words(&self, lang: Lang) -> String {
        match self {
            Self::Failed { init: _, error, trace } => {
                let mut text = error.clone();
                for line in trace {
                    text.push('\n');
                    text.push_str(line);
                }
                text
            }
            Self::OfMachine(note) => note.clone(),
            Self::NoMessage => lang
                .choose("it ends without an error and sends nothing", "오류 없이 끝나지만 아무것도 보내지 않습니다")
                .to_owned(),
            Self::Swallowed(status) => lang.choose(
                format!("Discord answered {status}, and the function ends without an error"),
                format!("디스코드가 {status}(으)로 응답했지만 함수가 오류 없이 끝납니다"),
            ),
            Self::TooLong { .. } => lang
                .choose(
                    "Discord refused the message: longer than 2000 characters (or another limit of its)",
                    "디스코드가 메시지를 거부했습니다 (2000자 등 길이 제한 초과)",
                )
                .to_owned(),
            Self::Duplicated(count) => {
                lang.choose(format!("{count} messages for one event"), format!("이벤트 하나에 메시지 {count}개"))
            }
            Self::Lacks(fields) => {
                let fields: Vec<&str> = fields.iter().map(|field| field.words(lang)).collect();
                let fields = fields.join(", ");
                lang.choose(format!("the message lacks: {fields}"), format!("메시지에 없는 것: {fields}"))
            }
            Self::LiteralNewlines(line) => lang.choose(format!("in the message: {line}"), format!("메시지: {line}")),
            Self::TimeWrong(line) => lang.choose(
                format!(
                    "in the message: {line} (the change was made at {TIME_IN_UTC} UTC, which is {TIME_IN_KOREA} KST)"
                ),
                format!("메시지: {line} (변경 시각은 {TIME_IN_UTC} UTC, 한국 시각으로 {TIME_IN_KOREA})"),
            ),
        }
    }
}
