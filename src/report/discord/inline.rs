//! Marks inside a line: bold, code, links, mentions, times.

use jiff::Timestamp;

use super::{DEEPEST, Inline};

/// What marks make of the text between them.
type Make = fn(Vec<Inline>) -> Inline;

/// Marks around a text, the longer before the shorter.
const MARKS: [(&str, Make); 7] = [
    ("***", |inside| Inline::Emphasis(vec![Inline::Strong(inside)])),
    ("**", Inline::Strong),
    ("__", Inline::Underline),
    ("~~", Inline::Strike),
    ("||", Inline::Spoiler),
    ("*", Inline::Emphasis),
    ("_", Inline::Emphasis),
];

/// The parts of a text without blocks.
pub(super) fn parse(text: &str) -> Vec<Inline> {
    parts(text, 0)
}

fn parts(text: &str, depth: usize) -> Vec<Inline> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        match if depth < DEEPEST { token(text, at, first, depth) } else { None } {
            Some((Inline::Text(text), length)) => {
                plain.push_str(&text);
                at += length;
            }
            Some((part, length)) => {
                if !plain.is_empty() {
                    out.push(Inline::Text(std::mem::take(&mut plain)));
                }
                out.push(part);
                at += length;
            }
            None => {
                plain.push(first);
                at += first.len_utf8();
            }
        }
    }
    if !plain.is_empty() {
        out.push(Inline::Text(plain));
    }
    out
}

/// What begins at a place of a text, and how many bytes it takes.
fn token(text: &str, at: usize, first: char, depth: usize) -> Option<(Inline, usize)> {
    let rest = &text[at..];
    match first {
        '\\' => {
            let escaped = rest[1..].chars().next().filter(|c| !c.is_ascii_alphanumeric() && !c.is_whitespace())?;
            Some((Inline::Text(escaped.to_string()), 1 + escaped.len_utf8()))
        }
        '`' => code(rest),
        '<' => angled(rest),
        '[' => masked(rest, depth),
        '@' => {
            let name = ["@everyone", "@here"].into_iter().find(|name| rest.starts_with(name))?;
            let ends = !rest[name.len()..].starts_with(is_word);
            ends.then(|| (Inline::Mention(name.to_owned()), name.len()))
        }
        'h' if !text[..at].ends_with(is_word) => {
            let url = address(rest)?;
            Some((link(url, vec![Inline::Text(url.to_owned())]), url.len()))
        }
        '*' | '_' | '~' | '|' => marked(text, at, depth),
        _ => None,
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn code(rest: &str) -> Option<(Inline, usize)> {
    let run = |text: &str| text.len() - text.trim_start_matches('`').len();
    let opening = run(rest);
    if opening > 2 {
        return None;
    }
    let mut at = opening;
    loop {
        at += rest[at..].find('`')?;
        let closing = run(&rest[at..]);
        if closing == opening {
            let inside = &rest[opening..at];
            // A space sets a backtick of the code apart from the mark.
            let inside = if inside.starts_with(" `") { &inside[1..] } else { inside };
            let inside = if inside.ends_with("` ") { &inside[..inside.len() - 1] } else { inside };
            return Some((Inline::Code(inside.to_owned()), at + closing));
        }
        at += closing;
    }
}

fn marked(text: &str, at: usize, depth: usize) -> Option<(Inline, usize)> {
    let rest = &text[at..];
    MARKS.iter().filter(|(mark, _)| rest.starts_with(mark)).find_map(|(mark, make)| {
        // Inside a word it is part of the word: `security_group_id`.
        if *mark == "_" && text[..at].ends_with(is_word) {
            return None;
        }
        let from = at + mark.len();
        let end = closing(text, from, mark)?;
        Some((make(parts(&text[from..end], depth + 1)), end + mark.len() - at))
    })
}

/// Where the mark that was opened before `from` is closed.
fn closing(text: &str, from: usize, mark: &str) -> Option<usize> {
    let is_single = mark.len() == 1;
    if is_single && text[from..].chars().next().is_none_or(char::is_whitespace) {
        return None;
    }
    let mut at = from;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first == '\\' {
            at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
        } else if first == '`' {
            // A mark inside code is no mark.
            at += code(rest).map_or(1, |(_, length)| length);
        } else if rest.starts_with(mark) {
            let doubled = is_single && rest[1..].starts_with(mark);
            let after_space = is_single && text[..at].ends_with(char::is_whitespace);
            let in_word = mark == "_" && rest[1..].starts_with(is_word);
            if doubled {
                at += 2;
            } else if at > from && !after_space && !in_word {
                // The last two of three close: what is bold may end with what is slanted.
                return Some(if mark == "**" && rest.starts_with("***") { at + 1 } else { at });
            } else {
                at += mark.len();
            }
        } else {
            at += first.len_utf8();
        }
    }
    None
}

fn angled(rest: &str) -> Option<(Inline, usize)> {
    let end = rest.bytes().take(2048).position(|byte| byte == b'>')?;
    let inside = &rest[1..end];
    let digits = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let emoji = inside.strip_prefix("a:").or_else(|| inside.strip_prefix(':')).and_then(|rest| rest.split_once(':'));
    let made = if let Some(stamp) = inside.strip_prefix("t:") {
        let (seconds, style) = stamp.split_once(':').unwrap_or((stamp, "f"));
        let known = matches!(style, "t" | "T" | "d" | "D" | "f" | "F" | "R");
        Inline::Time(Timestamp::from_second(seconds.parse().ok().filter(|_| known)?).ok()?)
    } else if let Some((name, id)) = emoji {
        let named = (2..=32).contains(&name.len()) && name.chars().all(is_word) && digits(id);
        Inline::Text(named.then(|| format!(":{name}:"))?)
    } else if is_address(inside) {
        link(inside, vec![Inline::Text(inside.to_owned())])
    } else {
        let id = ["@!", "@&", "@", "#"].into_iter().find_map(|kind| inside.strip_prefix(kind))?;
        Inline::Mention(digits(id).then(|| rest[..=end].to_owned())?)
    };
    Some((made, end + 1))
}

/// `[text](address)`.
fn masked(rest: &str, depth: usize) -> Option<(Inline, usize)> {
    let mut at = 1;
    loop {
        match rest.as_bytes().get(at)? {
            b'\\' => at += 1 + rest[at + 1..].chars().next()?.len_utf8(),
            b'[' => return None,
            b']' => break,
            _ => at += rest[at..].chars().next()?.len_utf8(),
        }
    }
    let inside = Some(&rest[1..at]).filter(|inside| !inside.is_empty())?;
    let target = rest[at + 1..].strip_prefix('(')?;
    // The address may have brackets of its own, in pairs.
    let mut open = 0_u32;
    let end = target.char_indices().find_map(|(place, c)| match c {
        '(' => {
            open += 1;
            None
        }
        ')' if open == 0 => Some(place),
        ')' => {
            open -= 1;
            None
        }
        _ => None,
    })?;
    let url = target[..end].strip_prefix('<').and_then(|url| url.strip_suffix('>')).unwrap_or(&target[..end]);
    let taken = at + 1 + 1 + end + 1;
    is_address(url).then(|| (link(url, parts(inside, depth + 1)), taken))
}

/// The web address that a text begins with. A full stop behind it is the sentence's.
fn address(rest: &str) -> Option<&str> {
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>')).unwrap_or(rest.len());
    let url = rest[..end].trim_end_matches(['.', ',', ':', ';', '!', '?', '\'', '"', ')', ']', '*', '_', '~', '|']);
    is_address(url).then_some(url)
}

/// Whether a text is a web address: nothing else becomes a link.
pub(super) fn is_address(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>')))
}

fn link(url: &str, inside: Vec<Inline>) -> Inline {
    Inline::Link { url: url.to_owned(), inside }
}
