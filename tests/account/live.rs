//! The real channel, read back by a bot: the lab's Discord stands for the real one.

use std::time::Duration;

use alert_drill::lab::discord::{BotAccess, RateLimit, Request};
use aws_sdk_lambda::types::Environment;

use crate::room::{Ended, Room, end_of};

const FUNCTION: &str = "lambda-securitygroup-alarm";

/// A run that reads the lab's channel back with this token.
async fn ran(room: &Room, token: Option<&str>, arguments: &[&str]) -> Ended {
    let mut command = room.run(&[&["--discord", "live"][..], arguments].concat());
    command.env("ALERT_DRILL_DISCORD_API", format!("{}/api/v10", room.lab.endpoint_url()));
    if let Some(token) = token {
        command.env("ALERT_DRILL_DISCORD_BOT_TOKEN", token);
    }
    end_of(command.spawn().unwrap()).await
}

/// Somebody writes in the channel.
fn write(room: &Room, content: &str) {
    let url = room.lab.discord_webhook_url();
    let path = url.strip_prefix(&room.lab.endpoint_url()).unwrap();
    let body = serde_json::json!({ "content": content }).to_string();
    assert_eq!(room.lab.discord().handle(&Request::post_json(path, body)).status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_read_back_from_the_real_channel_and_nothing_is_changed() {
    let room = Room::standing().await;
    write(&room, "hello");
    // Discord lets a bot ask seldom enough that it has to wait for its turn.
    room.lab.discord().set_read_limit(RateLimit { requests: 2, window: Duration::from_millis(500) });
    room.proxy.arm(None);
    let token = room.lab.discord_bot_token().to_owned();
    let ended = ran(&room, Some(&token), &["--output", "json"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    assert_eq!(report["discord"], "live");
    let drill = &report["drills"][0];
    let hop = drill["hops"].as_array().unwrap().iter().find(|hop| hop["hop"] == "discord").unwrap();
    assert_eq!(hop["status"], "reached", "{hop}");
    let alert = &drill["alerts"]["discord"][0];
    let webhook = room.lab.discord_webhook_url();
    let id = webhook.rsplit('/').nth(1).unwrap();
    assert_eq!((&alert["message"]["webhook_id"], &alert["matched_by"]), (&id.into(), &"event_id".into()), "{alert}");
    let calls = room.proxy.calls();
    assert!(!calls.iter().any(|call| call.starts_with("PUT ")), "the function keeps its webhook: {calls:?}");
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(&token), "the token is shown nowhere");
    room.assert_as_it_was("after the run");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bot_lacks_is_named_and_is_no_verdict() {
    let room = Room::standing().await;
    let token = room.lab.discord_bot_token().to_owned();
    let refused = async |token: Option<&str>, code: i32, why: &str| {
        let ended = ran(&room, token, &[]).await;
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(ended.code == Some(code) && said.contains(why), "{why}: {:?} {said}", ended.code);
        assert!(token.is_none_or(|token| !said.contains(token)), "{said}");
        room.assert_as_it_was(why);
    };
    refused(None, 2, "in the variable ALERT_DRILL_DISCORD_BOT_TOKEN").await;
    refused(Some(&token), 5, "the bot sees no message in the channel").await;
    write(&room, "hello");
    refused(Some("MTIz.abc.wrong-token"), 5, "Discord does not know the bot's token").await;
    let discord = room.lab.discord();
    let bot_id = discord.bots()[0].id.clone();
    let all = BotAccess::default();
    for (access, why) in [
        (BotAccess { view_channel: false, ..all }, "the bot may not see the channel"),
        (BotAccess { read_message_history: false, ..all }, "the bot sees no message in the channel"),
        (BotAccess { message_content: false, ..all }, "Message Content Intent"),
    ] {
        discord.set_bot_access(&bot_id, access);
        refused(Some(&token), 5, why).await;
    }
    discord.set_bot_access(&bot_id, all);
    let webhook = room.lab.discord_webhook_url();
    assert!(discord.remove_webhook(webhook.rsplit('/').nth(1).unwrap()));
    let ended = ran(&room, Some(&token), &[]).await;
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("Discord does not know the webhook"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_cannot_be_read_is_named_without_its_value() {
    let room = Room::standing().await;
    let lambda = room.clients().await.lambda;
    let token = room.lab.discord_bot_token().to_owned();
    for (value, why) in [
        ("AQICAHgh-ciphertext", "holds no webhook's address"),
        ("https://hooks.example.com/api/webhooks/1/s3cret-token", "leads to hooks.example.com, which is not Discord's"),
    ] {
        let variables = Environment::builder().variables("DISCORD_WEBHOOK_URL", value).build();
        lambda.update_function_configuration().function_name(FUNCTION).environment(variables).send().await.unwrap();
        let ended = ran(&room, Some(&token), &[]).await;
        assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(why), "{}", ended.stdout);
        assert!(!ended.stdout.contains("ciphertext") && !ended.stdout.contains("s3cret-token"), "{}", ended.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_cannot_be_read_any_more_is_no_verdict() {
    let room = Room::standing().await;
    write(&room, "hello");
    let token = room.lab.discord_bot_token().to_owned();
    let bot_id = room.lab.discord().bots()[0].id.clone();
    let discord = room.lab.discord();
    // Thrown out as soon as it has read the channel once, before the drill has begun.
    let lose = async {
        let mut changes = discord.subscribe();
        let has_read = || {
            let exchanges = discord.exchanges();
            exchanges.iter().any(|one| one.method == "GET" && one.webhook_id.is_none() && one.status == 200)
        };
        while !has_read() {
            changes.changed().await.unwrap();
        }
        discord.set_bot_access(&bot_id, BotAccess { view_channel: false, ..BotAccess::default() });
    };
    let (ended, ()) = tokio::join!(ran(&room, Some(&token), &["--timeout", "3s", "--output", "json"]), lose);
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    let reason = report["drills"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("could not be read back") && reason.contains("Missing Access"), "{reason}");
    room.assert_as_it_was("after the run");
}
