//! Breaks of the function: who may invoke it and who does, and its own code.

use serde_json::Value;

use super::code::{self, Deployment};
use super::site::Filter;
use super::{Break, BreakError, Effect, Site};
use crate::diagnosis::Code;
use crate::scenario::Hop;

/// What is done to the function and to its subscription.
#[derive(Debug)]
pub(super) enum Change {
    Unsubscribe,
    /// Another function, version or alias is subscribed: this is what follows the function's ARN.
    SubscribeAnother(&'static str),
    Filter(Filter),
    RemovePermission,
    /// SNS may invoke it for a topic of another name.
    PermitAnotherTopic,
    /// Another service may invoke it.
    PermitAnotherService(&'static str),
    ReserveNothing,
}

const fn silent(name: &'static str, cause: Code, title: [&'static str; 2], change: super::Change) -> Break {
    Break { name, hop: Hop::Function, effect: Effect::Silent(Hop::Function), cause, title, change }
}

const fn around(name: &'static str, cause: Code, title: [&'static str; 2], change: Change) -> Break {
    silent(name, cause, title, super::Change::Function(change))
}

const fn inside(name: &'static str, cause: Code, title: [&'static str; 2], deployment: Deployment) -> Break {
    silent(name, cause, title, super::Change::Code(code::Change(deployment)))
}

pub(super) const BREAKS: &[Break] = &[
    around(
        "function-not-subscribed",
        Code::FunctionNotSubscribed,
        ["the topic has no subscription of the function", "주제의 Lambda 구독을 삭제함"],
        Change::Unsubscribe,
    ),
    around(
        "function-other-subscribed",
        Code::FunctionMissing,
        [
            "the topic's subscription names another function, which is not there",
            "주제의 구독이 존재하지 않는 다른 함수를 가리키게 함",
        ],
        Change::SubscribeAnother("-old"),
    ),
    around(
        "function-alias-subscribed",
        Code::FunctionMissing,
        [
            "the topic's subscription names an alias of the function that is not there",
            "주제의 구독이 존재하지 않는 함수 별칭을 가리키게 함",
        ],
        Change::SubscribeAnother(":live"),
    ),
    around(
        "function-filter-attributes",
        Code::FilterPolicyDrops,
        [
            "the function's subscription has a filter policy on message attributes, of which EventBridge sends none",
            "Lambda 구독에 메시지 속성 필터 정책을 추가함 (EventBridge는 속성을 보내지 않음)",
        ],
        Change::Filter(Filter::Attributes),
    ),
    around(
        "function-filter-body",
        Code::FilterPolicyDrops,
        [
            "the function's subscription has a filter policy on the body with a misspelt event name",
            "Lambda 구독의 본문 필터 정책에 이벤트 이름을 잘못 씀",
        ],
        Change::Filter(Filter::Body),
    ),
    around(
        "function-permission-removed",
        Code::FunctionPolicyDenies,
        ["SNS has no permission to invoke the function", "SNS의 함수 호출 권한을 제거함"],
        Change::RemovePermission,
    ),
    around(
        "function-permission-other-topic",
        Code::FunctionPolicyDenies,
        ["SNS may invoke the function for another topic only", "다른 주제의 SNS만 함수를 호출할 수 있게 함"],
        Change::PermitAnotherTopic,
    ),
    around(
        "function-permission-wrong-service",
        Code::FunctionPolicyDenies,
        ["EventBridge may invoke the function, and SNS may not", "SNS 대신 EventBridge에 함수 호출 권한을 줌"],
        Change::PermitAnotherService("events.amazonaws.com"),
    ),
    around(
        "function-throttled",
        Code::FunctionThrottled,
        ["the function's reserved concurrency is 0", "함수의 예약된 동시 실행 수를 0으로 설정함"],
        Change::ReserveNothing,
    ),
    inside(
        "function-syntax-error",
        Code::FunctionFailed,
        ["the code has a syntax error", "코드에 구문 오류를 넣음"],
        Deployment::edited(&[("def compose(detail):", "def compose(detail)")]),
    ),
    inside(
        "function-name-error",
        Code::FunctionFailed,
        [
            "the code uses a name at module level that is not defined",
            "모듈 최상위에서 정의되지 않은 이름을 사용하게 함",
        ],
        Deployment::edited(&[("KST = timezone(", "KST = timezon(")]),
    ),
    inside(
        "function-module-missing",
        Code::FunctionFailed,
        ["the code imports requests, which Lambda does not have", "Lambda에 없는 requests 모듈을 import하게 함"],
        Deployment::edited(&[("import urllib.request\n", "import urllib.request\n\nimport requests\n")]),
    ),
    inside(
        "function-variable-missing",
        Code::FunctionFailed,
        [
            "the code reads an environment variable at import that is not set",
            "설정하지 않은 환경 변수를 import 시점에 읽게 함",
        ],
        Deployment::edited(&[("KST = ", "WEBHOOK = os.environ[\"DISCORD_WEBHOOK\"]\nKST = ")]),
    ),
    inside(
        "function-wrong-handler",
        Code::FunctionFailed,
        [
            "the handler's setting names a function that the code does not have",
            "핸들러 설정이 코드에 없는 함수를 가리키게 함",
        ],
        Deployment { handler: "lambda_function.handler", ..Deployment::edited(&[]) },
    ),
    inside(
        "function-wrong-module",
        Code::FunctionFailed,
        [
            "the handler's setting names a file that the package does not have",
            "핸들러 설정이 패키지에 없는 파일을 가리키게 함",
        ],
        Deployment { handler: "lambda.lambda_handler", ..Deployment::edited(&[]) },
    ),
    inside(
        "function-reads-event-itself",
        Code::FunctionFailed,
        [
            "the code reads the event as if EventBridge invoked it, without SNS's envelope",
            "SNS 봉투 없이 EventBridge가 직접 호출한 것처럼 이벤트를 읽게 함",
        ],
        Deployment::edited(&[
            ("    for record in event[\"Records\"]:\n", "    if event:\n"),
            ("json.loads(record[\"Sns\"][\"Message\"])[\"detail\"]", "event[\"detail\"]"),
        ]),
    ),
    inside(
        "function-message-not-decoded",
        Code::FunctionFailed,
        ["the code does not decode the JSON in SNS's message", "SNS 메시지의 JSON을 해석하지 않게 함"],
        Deployment::edited(&[("json.loads(record[\"Sns\"][\"Message\"])", "record[\"Sns\"][\"Message\"]")]),
    ),
    inside(
        "function-times-out",
        Code::FunctionFailed,
        [
            "the code waits longer than the function's timeout of one second",
            "함수가 제한 시간 1초보다 오래 기다리게 함",
        ],
        Deployment {
            timeout: Some(1),
            ..Deployment::edited(&[
                ("import urllib.request\n", "import time\nimport urllib.request\n"),
                ("    body = json", "    time.sleep(20)\n    body = json"),
            ])
        },
    ),
    Break {
        name: "function-fails-on-other-shapes",
        hop: Hop::Function,
        effect: Effect::Hidden,
        cause: Code::FunctionFailed,
        title: [
            "the code reads the rules of the request, which other calls than this one do not have",
            "일부 호출의 레코드에만 있는 필드를 읽어 다른 변경에서는 실패하게 함",
        ],
        change: super::Change::Code(code::Change(Deployment::edited(&[(
            "        post(compose(detail))",
            "        rule = detail[\"requestParameters\"][\"ipPermissions\"][\"items\"][0]\n        post(compose(detail) + f\"\\n포트: {rule['fromPort']}\")",
        )]))),
    },
];

pub(super) async fn apply(site: &Site<'_>, change: &Change) -> Result<(), BreakError> {
    match change {
        Change::Unsubscribe => site.unsubscribe(&site.subscriptions("lambda").await?).await,
        Change::SubscribeAnother(ending) => {
            let another = format!("{}{ending}", site.arn("lambda", &format!("function:{}", site.names.function)));
            let standing = site.subscriptions("lambda").await?;
            if standing.iter().any(|subscription| subscription.endpoint() == Some(&another)) {
                return site.already(format!("the subscription of {another}"));
            }
            site.unsubscribe(&standing).await?;
            site.subscribe("lambda", &another).await
        }
        Change::Filter(filter) => filter.put(site, "lambda").await,
        Change::RemovePermission => remove_permissions(site, None).await,
        Change::PermitAnotherTopic => {
            let topic_arn = site.arn("sns", "sns-iam-alarm");
            remove_permissions(site, Some(&topic_arn)).await?;
            permit(site, "sns.amazonaws.com", &topic_arn).await
        }
        Change::PermitAnotherService(service) => {
            remove_permissions(site, Some(service)).await?;
            permit(site, service, &site.rule_arn()).await
        }
        Change::ReserveNothing => reserve_nothing(site).await,
    }
}

fn function(site: &Site<'_>) -> String {
    site.what("function", &site.names.function)
}

/// Takes away each permission of SNS. Where there is none and `instead` is granted already, the break is made already.
async fn remove_permissions(site: &Site<'_>, instead: Option<&str>) -> Result<(), BreakError> {
    let (lambda, name) = (&site.clients.lambda, site.names.function.as_str());
    let what = format!("permission of the {}", function(site));
    let got = lambda.get_policy().function_name(name).send().await;
    let got = got.map_err(|error| BreakError::refused("lambda:GetPolicy", &what, &error))?;
    let text = got.policy().unwrap_or_default();
    if instead.is_some_and(|instead| text.contains(&format!("\"{instead}\""))) {
        return site.already(format!("the policy {text}"));
    }
    let policy: Value =
        serde_json::from_str(text).map_err(|error| BreakError::invalid("lambda:GetPolicy", &what, error))?;
    let sids: Vec<&str> = policy["Statement"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|statement| statement["Principal"]["Service"] == "sns.amazonaws.com" || statement["Principal"] == "*")
        .filter_map(|statement| statement["Sid"].as_str())
        .collect();
    if sids.is_empty() {
        return Err(Site::missing(format!("{what} for sns.amazonaws.com")));
    }
    for sid in sids {
        let removed = lambda.remove_permission().function_name(name).statement_id(sid).send().await;
        removed.map_err(|error| BreakError::refused("lambda:RemovePermission", &what, &error))?;
    }
    Ok(())
}

async fn permit(site: &Site<'_>, service: &str, source_arn: &str) -> Result<(), BreakError> {
    let add = site.clients.lambda.add_permission().function_name(&site.names.function);
    let add = add.statement_id("may-invoke").action("lambda:InvokeFunction").principal(service).source_arn(source_arn);
    let added = add.send().await;
    added.map(|_| ()).map_err(|error| BreakError::refused("lambda:AddPermission", function(site), &error))
}

async fn reserve_nothing(site: &Site<'_>) -> Result<(), BreakError> {
    let (lambda, name) = (&site.clients.lambda, site.names.function.as_str());
    let got = lambda.get_function_concurrency().function_name(name).send().await;
    let got = got.map_err(|error| BreakError::refused("lambda:GetFunctionConcurrency", function(site), &error))?;
    if got.reserved_concurrent_executions() == Some(0) {
        return site.already(format!("the {} may run 0 times at once", function(site)));
    }
    let put = lambda.put_function_concurrency().function_name(name).reserved_concurrent_executions(0).send().await;
    put.map(|_| ()).map_err(|error| BreakError::refused("lambda:PutFunctionConcurrency", function(site), &error))
}
