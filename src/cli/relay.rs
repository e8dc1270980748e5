//! `alert-drill relay`.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Output, RelayArgs, fail, print};
use crate::exit::Exit;
use crate::relay::{Outcome, Relay, RelayConfig, RelayError, Relayed, Totals};
use crate::signal;
use crate::text::Lang;

pub(super) async fn execute(args: RelayArgs, lang: Lang, output: Output) -> Exit {
    let stop = CancellationToken::new();
    let _listening =
        match signal::interrupts(stop.clone(), || {}, move || lang.choose("left at once", "즉시 종료함").to_owned())
        {
            Ok(listening) => listening,
            Err(error) => return fail(Exit::CouldNotRun, &error),
        };
    let config = RelayConfig { listen: args.listen, patience: args.patience, ..RelayConfig::new(args.upstream) };
    let started = Relay::start(config, move |relayed| anstream::eprintln!("{}", line(relayed, lang))).await;
    let relay = match started {
        Ok(relay) => relay,
        Err(error @ RelayError::Upstream { .. }) => return fail(Exit::Usage, &error),
        Err(error @ (RelayError::Listen { .. } | RelayError::Certificates { .. })) => {
            return fail(Exit::CouldNotRun, &error);
        }
    };
    let (endpoint, upstream) = (relay.endpoint_url(), relay.upstream().to_string());
    let text = match output {
        Output::Human => welcome(&endpoint, &upstream, lang),
        Output::Json => format!("{}\n", json!({ "endpoint_url": endpoint, "upstream": upstream })),
    };
    let printed = print(text.as_bytes());
    if printed == Exit::Passed {
        stop.cancelled().await;
    }
    let totals = relay.stop().await;
    anstream::eprintln!("{}", sum(totals, lang));
    match (printed, totals.lost + totals.unrecorded + totals.waiting()) {
        (Exit::Passed, 0) => Exit::Passed,
        (Exit::Passed, _) => Exit::CouldNotRun,
        (not_written, _) => not_written,
    }
}

fn welcome(endpoint: &str, upstream: &str, lang: Lang) -> String {
    lang.choose(
        format!(
            "The relay is ready at {endpoint}, in front of {upstream}

Point the AWS CLI or Terraform at it in place of the endpoint:
  export AWS_ENDPOINT_URL={endpoint}

Each call that changes something becomes a CloudTrail event on the default event bus. Ctrl-C stops it.
"
        ),
        format!(
            "릴레이가 준비되었습니다: {endpoint} → {upstream}

AWS CLI나 Terraform이 엔드포인트 대신 이 주소를 쓰게 하세요:
  export AWS_ENDPOINT_URL={endpoint}

무언가를 바꾸는 호출은 모두 기본 이벤트 버스의 CloudTrail 이벤트가 됩니다. Ctrl-C를 누르면 멈춥니다.
"
        ),
    )
}

/// What became of one record.
fn line(relayed: &Relayed, lang: Lang) -> String {
    let Relayed { event_name, request_id, scope, outcome } = relayed;
    let (account, region) = (&scope.account, &scope.region);
    match outcome {
        Outcome::Put(took) => {
            format!("{event_name} {request_id} → {account} {region} ({:.1} ms)", took.as_secs_f64() * 1000.0)
        }
        Outcome::Lost(why) => lang.choose(
            format!("{event_name} {request_id} is lost: {account} {region} did not take the event: {why}"),
            format!("{event_name} {request_id} 유실: {account} {region}이(가) 이벤트를 받지 않았습니다: {why}"),
        ),
        // Its id is the relay's own where no answer named one.
        Outcome::Unrecorded(why) => lang.choose(
            format!("{event_name} is not recorded ({account} {region}): {why}"),
            format!("{event_name} 기록하지 못함 ({account} {region}): {why}"),
        ),
    }
}

fn sum(totals: Totals, lang: Lang) -> String {
    let Totals { records, put, lost, unrecorded } = totals;
    let waiting = totals.waiting();
    lang.choose(
        format!(
            "{records} calls that change something: {put} on the bus, {lost} lost, {unrecorded} not recorded, {waiting} \
             not yet put"
        ),
        format!(
            "변경 호출 {records}건: 버스에 전달 {put}, 유실 {lost}, 기록하지 못함 {unrecorded}, 전달하지 못한 채 남음 \
             {waiting}"
        ),
    )
}
