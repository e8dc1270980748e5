//! `alert-drill lab`.

use std::net::IpAddr;
use std::path::Path;

use alert_drill_lab::faults::Faults;
use alert_drill_lab::{Lab, LabBuilder, StartError};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{LabArgs, Output, fail, print};
use crate::exit::Exit;
use crate::signal;
use crate::text::Lang;

pub(super) async fn execute(args: LabArgs, lang: Lang, output: Output) -> Exit {
    let stop = CancellationToken::new();
    let _listening =
        match signal::interrupts(stop.clone(), || {}, move || lang.choose("left at once", "즉시 종료함").to_owned())
        {
            Ok(listening) => listening,
            Err(error) => return fail(Exit::CouldNotRun, &error),
        };
    let faults = match args.faults.as_deref().map_or_else(|| Ok(Faults::default()), faults_of) {
        Ok(faults) => faults,
        Err(why) => return fail(Exit::Usage, &why),
    };
    let builder = Lab::builder().listen(args.listen).channel(args.channel).enforce_iam(args.enforce_iam).faults(faults);
    let builder = args.allow_host.into_iter().fold(builder, LabBuilder::allow_host);
    let builder = args.ca_bundle.into_iter().fold(builder, LabBuilder::ca_bundle);
    let lab = match builder.start().await {
        Ok(lab) => lab,
        Err(StartError::CaBundle(error)) => return fail(Exit::Usage, &error),
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let text = match output {
        Output::Human => welcome(&lab, lang),
        Output::Json => {
            // Standard output is for the program that reads it; a person is warned all the same.
            anstream::eprint!("{}", warning(lab.address().ip(), lang).trim_start());
            let ready = json!({
                "endpoint_url": lab.endpoint_url(),
                "discord_webhook_url": lab.discord_webhook_url(),
                "discord_bot_token": lab.discord_bot_token(),
            });
            format!("{ready}\n")
        }
    };
    let printed = print(text.as_bytes());
    if printed == Exit::Passed {
        stop.cancelled().await;
    }
    lab.stop().await;
    printed
}

/// The faults of a file, or what is wrong with it.
fn faults_of(path: &Path) -> Result<Faults, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Faults::from_json(&text).map_err(|wrong| format!("{}: {wrong}", path.display()))
}

fn welcome(lab: &Lab, lang: Lang) -> String {
    let (endpoint, webhook) = (lab.endpoint_url(), lab.discord_webhook_url());
    let open = warning(lab.address().ip(), lang);
    lang.choose(
        format!(
            "The lab is ready: an AWS of your own at {endpoint}
{open}
Point the AWS CLI at it:
  export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION=ap-northeast-2
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  aws sts get-caller-identity

Your function posts to this webhook:
  {webhook}

Look at it in a browser: the channel, the mailbox, each event and what stopped it
  {endpoint}/_lab/

The same as JSON:
  {endpoint}/_lab/deliveries   {endpoint}/_lab/trail
  {endpoint}/_lab/discord      {endpoint}/_lab/mail

Ctrl-C stops it.
"
        ),
        format!(
            "실습 환경이 준비되었습니다: {endpoint}
{open}
AWS CLI 설정:
  export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION=ap-northeast-2
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  aws sts get-caller-identity

함수가 보낼 디스코드 웹후크:
  {webhook}

브라우저로 보기: 채널, 메일함, 이벤트마다 어디서 왜 막혔는지
  {endpoint}/_lab/

JSON으로 보기:
  {endpoint}/_lab/deliveries   {endpoint}/_lab/trail
  {endpoint}/_lab/discord      {endpoint}/_lab/mail

Ctrl-C를 누르면 멈춥니다.
"
        ),
    )
}

/// Where the lab listens to other machines, that they can use it; nothing where it does not.
fn warning(listening: IpAddr, lang: Lang) -> &'static str {
    if listening.is_loopback() {
        return "";
    }
    lang.choose(
        "\nThe lab takes any access key and runs the code it is given, and others than this machine can reach it.\n",
        "\n주의: 이 실습 환경은 어떤 액세스 키든 받고 받은 코드를 실행하며, 다른 컴퓨터에서도 접속할 수 있습니다.\n",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lab_that_others_can_reach_warns_of_them() {
        for address in ["127.0.0.1", "127.0.0.2", "::1"] {
            assert_eq!(warning(address.parse().unwrap(), Lang::En), "", "{address}");
        }
        for address in ["0.0.0.0", "192.0.2.1", "::"] {
            let text = warning(address.parse().unwrap(), Lang::En);
            assert!(text.contains("others than this machine can reach it"), "{address}: {text}");
        }
    }
}
