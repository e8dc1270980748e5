//! Secrets are in no output, no journal and no error.

use crate::proxy::Cut;
use crate::room::{Room, end_of};

const TOKEN: &str = "PLANTED-session-token";
const KEY: &str = "PLANTED-secret-access-key";

#[tokio::test(flavor = "multi_thread")]
async fn planted_secrets_come_out_nowhere() {
    let room = Room::standing().await;
    let webhook = room.lab.discord_webhook_url();
    let token = webhook.rsplit('/').next().unwrap().to_owned();
    assert!(token.len() > 20, "a webhook's token is long");
    let secrets = [TOKEN, KEY, &token];
    let told = async |arguments: &[&str], cut: Option<Cut>| {
        room.proxy.arm(cut);
        let mut command = room.run(arguments);
        command.env("AWS_SECRET_ACCESS_KEY", KEY).env("AWS_SESSION_TOKEN", TOKEN).env("RUST_BACKTRACE", "full");
        let mut running = command.spawn().unwrap();
        if cut.is_some() {
            room.proxy.struck().await;
            running.start_kill().unwrap();
        }
        let ended = end_of(running).await;
        (ended.code, [vec![ended.stdout, ended.stderr], room.journals()].concat())
    };
    let check = |what: &str, told: &[String]| {
        for secret in secrets {
            assert!(!told.iter().any(|text| text.contains(secret)), "{what}: {secret} in {told:?}");
        }
    };
    for form in ["human", "json"] {
        let (code, texts) = told(&["--output", form], None).await;
        assert_eq!(code, Some(0), "{texts:?}");
        check("a pass", &texts);
    }
    // Killed with everything changed, so that there is a journal to look at, and the mock's own address is in the function.
    let open = room.proxy.calls().iter().position(|call| call == "AuthorizeSecurityGroupIngress").unwrap() + 1;
    let (_, texts) = told(&[], Some(Cut::After(open))).await;
    assert!(texts.iter().any(|text| text.contains("\"webhook\"")), "the journal names the function: {texts:?}");
    check("a journal", &texts);
    assert!(
        !texts.iter().any(|text| text.contains("/api/webhooks/")),
        "the mock's address is a secret as well: {texts:?}"
    );
    // Another run is refused, and says why.
    let (code, texts) = told(&["--group", "not-there", "--output", "json"], None).await;
    assert_eq!(code, Some(5));
    check("a refusal", &texts);
    for arguments in [&["--dry-run"][..], &[]] {
        let cleaned = room.cleanup(&room.journal(), arguments).await;
        assert_eq!(cleaned.code, Some(0), "{}", cleaned.stdout);
        check("a clean-up", &[cleaned.stdout, cleaned.stderr]);
    }
    room.assert_as_it_was("after the clean-up");
}
