//! Breaks of the channel: the webhook's address, and the message.

use super::code::{self, Deployment};
use super::{Break, BreakError, Effect, Site};
use crate::diagnosis::Code;
use crate::scenario::Hop;

/// What is done to the webhook's address in the function's environment.
#[derive(Debug)]
pub(super) enum Change {
    Remove,
    CutScheme,
    AnotherWebhook,
    AnotherToken,
}

const fn webhook(name: &'static str, cause: Code, title: [&'static str; 2], change: Change) -> Break {
    // The function raises: it ends there, and Discord hears nothing.
    let effect = Effect::Silent(Hop::Function);
    Break { name, hop: Hop::Discord, effect, cause, title, change: super::Change::Webhook(change) }
}

const fn message(
    name: &'static str,
    effect: Effect,
    cause: Code,
    title: [&'static str; 2],
    edits: &'static [(&'static str, &'static str)],
) -> Break {
    let change = super::Change::Code(code::Change(Deployment::edited(edits)));
    Break { name, hop: Hop::Discord, effect, cause, title, change }
}

const POST: &str = "    with urllib.request.urlopen(request, timeout=5) as response:
        print(f\"Discord answered {response.status}\")
";

pub(super) const BREAKS: &[Break] = &[
    webhook(
        "webhook-missing",
        Code::WebhookMissing,
        ["the function's environment has no webhook", "함수의 환경 변수에서 웹후크 주소를 제거함"],
        Change::Remove,
    ),
    webhook(
        "webhook-malformed",
        Code::WebhookMalformed,
        ["the webhook's address lacks its scheme", "웹후크 주소에서 https:// 부분을 뺌"],
        Change::CutScheme,
    ),
    webhook(
        "webhook-unknown",
        Code::WebhookRejected,
        [
            "the webhook's address names a webhook that Discord does not know (404)",
            "디스코드에 없는 웹후크 주소로 바꿈 (404)",
        ],
        Change::AnotherWebhook,
    ),
    webhook(
        "webhook-wrong-token",
        Code::WebhookRejected,
        ["the webhook's address has another token (401)", "웹후크 주소의 토큰을 바꿈 (401)"],
        Change::AnotherToken,
    ),
    message(
        "function-swallows-refusal",
        Effect::Hidden,
        Code::ErrorSwallowed,
        [
            "the code catches Discord's refusals (429, 400) and reports success",
            "디스코드의 거부(429, 400)를 무시하고 성공으로 보고하게 함",
        ],
        &[
            ("import urllib.request\n", "import urllib.error\nimport urllib.request\n"),
            (
                POST,
                "    try:
        urllib.request.urlopen(request, timeout=5)
    except urllib.error.HTTPError as error:
        print(f\"Discord answered {error.code}\")
",
            ),
        ],
    ),
    message(
        "message-literal-newlines",
        Effect::WrongMessage,
        Code::MessageLiteralNewlines,
        [
            "the message has the two characters \\n in place of line breaks",
            "메시지에 줄바꿈 대신 \\n 두 글자가 들어가게 함",
        ],
        &[("\"\\n\".join(lines)", "\"\\\\n\".join(lines)")],
    ),
    message(
        "message-utc-as-kst",
        Effect::WrongMessage,
        Code::MessageTimeWrong,
        ["the message's time is UTC and says KST", "UTC 시각을 KST로 표시하게 함"],
        &[("time.astimezone(KST).strftime", "time.strftime")],
    ),
    message(
        "message-without-group",
        Effect::WrongMessage,
        Code::MessageFieldMissing,
        ["the message says N/A for the security group", "메시지의 보안 그룹 ID가 N/A로 표시되게 함"],
        &[("{group_id(detail)}", "{detail.get('groupId', 'N/A')}")],
    ),
    message(
        "message-group-missing-on-modify",
        Effect::Hidden,
        Code::MessageFieldMissing,
        [
            "the message says N/A for the security group where a rule was edited in place",
            "규칙을 편집한 경우에만 보안 그룹 ID가 N/A로 표시되게 함",
        ],
        &[("        modified.get(\"GroupId\"),\n", "")],
    ),
    message(
        "message-too-long",
        Effect::Silent(Hop::Function),
        Code::MessageTooLong,
        [
            "the message carries the whole event, over Discord's 2000 characters",
            "메시지에 이벤트 전체를 붙여 디스코드의 2000자 제한을 넘김",
        ],
        &[("        post(compose(detail))", "        post(compose(detail) + \"\\n\" + json.dumps(event, indent=4))")],
    ),
    message(
        "message-twice",
        Effect::Duplicate,
        Code::AlertDuplicated,
        ["the code posts each message twice", "메시지를 두 번씩 보내게 함"],
        &[("        post(compose(detail))", "        post(compose(detail))\n        post(compose(detail))")],
    ),
];

pub(super) async fn apply(site: &Site<'_>, change: &Change) -> Result<(), BreakError> {
    let (lambda, name) = (&site.clients.lambda, site.names.function.as_str());
    let (what, variable) = (site.what("function", name), &site.names.webhook_variable);
    let standing = lambda.get_function_configuration().function_name(name).send().await;
    let standing = standing.map_err(|error| BreakError::refused("lambda:GetFunctionConfiguration", &what, &error))?;
    let variables = standing.environment().and_then(|environment| environment.variables());
    let mut variables = variables.cloned().unwrap_or_default();
    let webhook = variables.remove(variable);
    let webhook = webhook.ok_or_else(|| Site::missing(format!("variable {variable} of the {what}")))?;
    if let Some(broken) = broken(&webhook, change) {
        if broken == webhook {
            return site.already(format!("the variable {variable} of the {what}"));
        }
        variables.insert(variable.clone(), broken);
    }
    let environment = aws_sdk_lambda::types::Environment::builder().set_variables(Some(variables)).build();
    let updated = lambda.update_function_configuration().function_name(name).environment(environment).send().await;
    updated.map(|_| ()).map_err(|error| BreakError::refused("lambda:UpdateFunctionConfiguration", what, &error))
}

/// The address, broken; none where it is gone.
fn broken(webhook: &str, change: &Change) -> Option<String> {
    let (base, id, token) = parts(webhook);
    match change {
        Change::Remove => None,
        Change::CutScheme => {
            let (_, rest) = webhook.split_once("://").unwrap_or(("", webhook));
            Some(rest.to_owned())
        }
        Change::AnotherWebhook => Some(format!("{base}{}/{token}", "9".repeat(id.len().max(18)))),
        Change::AnotherToken => Some(format!("{base}{id}/{}", "x".repeat(token.len().max(68)))),
    }
}

/// The address up to the webhook's id, the id, and the token.
fn parts(webhook: &str) -> (&str, &str, &str) {
    let (rest, token) = webhook.rsplit_once('/').unwrap_or((webhook, ""));
    let start = rest.rfind('/').map_or(0, |slash| slash + 1);
    (&rest[..start], &rest[start..], token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_of_the_address_is_changed() {
        let webhook = "https://discord.com/api/webhooks/1234567890123456789/token";
        let change = |change| broken(webhook, &change);
        assert_eq!(change(Change::Remove), None);
        assert_eq!(change(Change::CutScheme).unwrap(), "discord.com/api/webhooks/1234567890123456789/token");
        let another = "https://discord.com/api/webhooks/9999999999999999999/token";
        assert_eq!(change(Change::AnotherWebhook).unwrap(), another);
        let token = change(Change::AnotherToken).unwrap();
        assert!(token.starts_with("https://discord.com/api/webhooks/1234567890123456789/xxxx"), "{token}");
    }
}
