//! What Discord shows of what a function writes.

use serde_json::json;

use super::*;

fn strong(text: &str) -> Inline {
    Inline::Strong(vec![plain(text)])
}

fn plain(text: &str) -> Inline {
    Inline::Text(text.to_owned())
}

fn line(text: &str) -> Vec<Inline> {
    inline::parse(text)
}

#[test]
fn a_backslash_and_an_n_are_no_line_break() {
    assert_eq!(block::parse(r"one\ntwo"), [Block::Text(vec![plain(r"one\ntwo")])]);
    assert_eq!(block::parse("one\ntwo"), [Block::Text(vec![plain("one\ntwo")])]);
}

#[test]
fn marks_make_what_they_make() {
    assert_eq!(line("a **b** c"), [plain("a "), strong("b"), plain(" c")]);
    assert_eq!(line("*a* _b_"), [Inline::Emphasis(vec![plain("a")]), plain(" "), Inline::Emphasis(vec![plain("b")])]);
    assert_eq!(
        line("__u__~~s~~||h||"),
        [Inline::Underline(vec![plain("u")]), Inline::Strike(vec![plain("s")]), Inline::Spoiler(vec![plain("h")])]
    );
    assert_eq!(line("***both***"), [Inline::Emphasis(vec![strong("both")])]);
    assert_eq!(line("**a *b***"), [Inline::Strong(vec![plain("a "), Inline::Emphasis(vec![plain("b")])])]);
}

#[test]
fn what_is_no_mark_stays() {
    for text in
        ["security_group_id", "2 * 3 * 4", "** unclosed", "a*", "``` open", "[text](javascript:x)", "<b>", "~", r"\"]
    {
        assert_eq!(line(text), [plain(text)], "{text}");
    }
    assert_eq!(line(r"\*no\* \_no\_"), [plain("*no* _no_")]);
}

#[test]
fn nothing_in_code_means_anything() {
    assert_eq!(line("`**a**`"), [Inline::Code("**a**".to_owned())]);
    assert_eq!(line("`` a`b ``"), [Inline::Code(" a`b ".to_owned())]);
    assert_eq!(line("**`**`**"), [Inline::Strong(vec![Inline::Code("**".to_owned())])]);
    let blocks = block::parse("before\n```json\n{ \"a\": \"**\" }\n```\nafter");
    assert_eq!(
        blocks,
        [
            Block::Text(vec![plain("before")]),
            Block::Code("{ \"a\": \"**\" }".to_owned()),
            Block::Text(vec![plain("after")])
        ]
    );
}

#[test]
fn addresses_become_links_and_nothing_else_does() {
    let link = |url: &str, text: &str| Inline::Link { url: url.to_owned(), inside: vec![plain(text)] };
    assert_eq!(
        line("see https://a.example/x_y_z."),
        [plain("see "), link("https://a.example/x_y_z", "https://a.example/x_y_z"), plain(".")]
    );
    assert_eq!(line("[here](https://a.example/(1))"), [link("https://a.example/(1)", "here")]);
    assert_eq!(line("<https://a.example>"), [link("https://a.example", "https://a.example")]);
}

#[test]
fn people_and_times_are_told_from_text() {
    assert_eq!(
        line("@everyone <@123> <#4> @someone"),
        [
            Inline::Mention("@everyone".to_owned()),
            plain(" "),
            Inline::Mention("<@123>".to_owned()),
            plain(" "),
            Inline::Mention("<#4>".to_owned()),
            plain(" @someone")
        ]
    );
    assert_eq!(line("<t:0:R>"), [Inline::Time(Timestamp::UNIX_EPOCH)]);
    assert_eq!(line("<:alarm:1>"), [plain(":alarm:")]);
}

#[test]
fn lines_become_blocks() {
    let text = "# Alarm\n-# small\n> quoted\n> more\n- one\n  - two\n- three\n1. first\nend";
    let item = |text: &str, below: Vec<Block>| Item { text: vec![plain(text)], below };
    assert_eq!(
        block::parse(text),
        [
            Block::Heading(1, vec![plain("Alarm")]),
            Block::Subtext(vec![plain("small")]),
            Block::Quote(vec![Block::Text(vec![plain("quoted\nmore")])]),
            Block::List(
                None,
                vec![item("one", vec![Block::List(None, vec![item("two", Vec::new())])]), item("three", Vec::new())]
            ),
            Block::List(Some(1), vec![item("first", Vec::new())]),
            Block::Text(vec![plain("end")])
        ]
    );
    assert_eq!(block::parse(">>> a\nb"), [Block::Quote(vec![Block::Text(vec![plain("a\nb")])])]);
}

#[test]
fn riddles_end() {
    for text in ["*_".repeat(4000), "> ".repeat(4000), "[".repeat(4000), "`".repeat(4001), "||".repeat(3000)] {
        let _ = block::parse(&text);
    }
    let deep: String = (0..2000).map(|depth| format!("{}- x\n", " ".repeat(depth))).collect();
    let _ = block::parse(&deep);
}

#[test]
fn a_message_object_is_read_whole() {
    let token = "t0k3n-".repeat(12);
    let fields = [1, 2, 3, 4].map(|number| json!({ "name": number.to_string(), "value": "x", "inline": number != 4 }));
    let message = Message::of(&json!({
        "author": { "username": "Guard" },
        "timestamp": "2026-11-24T15:30:00.000000+00:00",
        "content": format!("https://discord.com/api/webhooks/1/{token}"),
        "embeds": [{
            "color": 0xE0_5A_2B, "title": "Port 22", "url": "https://a.example/",
            "fields": fields,
            "footer": { "text": "the alarm" },
        }],
        "attachments": [{ "filename": "record.json" }],
    }));
    assert_eq!(message.author, "Guard");
    assert!(message.sent_at.is_some() && !message.is_edited);
    assert_eq!(message.files, ["record.json"]);
    assert!(!format!("{message:?}").contains(&token), "{message:?}");
    let embed = &message.embeds[0];
    assert_eq!((embed.color, embed.footer.as_deref()), (Some(0xE0_5A_2B), Some("the alarm")));
    assert_eq!(embed.title, [Inline::Link { url: "https://a.example/".to_owned(), inside: vec![plain("Port 22")] }]);
    assert_eq!(embed.rows().iter().map(|row| row.len()).collect::<Vec<_>>(), [3, 1]);
}
