//! The channel by a public address of the user's, which is proved to lead to the mocked webhook before anything posts there.

use std::net::TcpListener;

use crate::proxy::Proxy;
use crate::room::Room;

/// An address of this machine that nobody listens at. Let go at once: nothing else here asks for this very port meanwhile.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_watched_through_a_tunnel() {
    let room = Room::standing().await;
    let listen = free();
    let tunnel = Proxy::start(&format!("http://{listen}")).await;
    let arguments =
        ["--discord", "tunnel", "--discord-url", &tunnel.url, "--discord-listen", &listen, "--output", "json"];
    let ended = room.ran(&arguments).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    assert_eq!(report["discord"], "tunnel");
    let hop = report["drills"][0]["hops"].as_array().unwrap().iter().find(|hop| hop["hop"] == "discord").unwrap();
    assert_eq!(hop["status"], "reached", "{hop}");
    let through = tunnel.calls();
    assert!(through[0].starts_with("GET /api/webhooks/"), "it is tried out first: {through:?}");
    assert!(through.iter().any(|call| call.starts_with("POST /api/webhooks/")), "{through:?}");
    room.assert_as_it_was("after the run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_that_leads_elsewhere_is_no_verdict_and_nothing_is_pointed_at_it() {
    let room = Room::standing().await;
    let elsewhere = room.lab.endpoint_url();
    let nowhere = format!("http://{}", free());
    for (url, why) in [(&elsewhere, "something else answers 404 with application/json"), (&nowhere, "nothing answers")]
    {
        room.proxy.arm(None);
        let ended = room.ran(&["--discord", "tunnel", "--discord-url", url, "--discord-listen", &free()]).await;
        assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
        let said = format!("{url} does not lead to the mocked webhook");
        assert!(ended.stdout.contains(&said) && ended.stdout.contains(why), "{}", ended.stdout);
        assert!(!ended.stdout.contains("/api/webhooks/"), "{}", ended.stdout);
        let calls = room.proxy.calls();
        assert!(!calls.iter().any(|call| call.starts_with("PUT ")), "{calls:?}");
        room.assert_as_it_was(why);
    }
}
