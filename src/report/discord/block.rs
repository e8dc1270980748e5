//! Lines: code blocks, quotes, headings, small text, lists.

use super::{Block, DEEPEST, Inline, Item, inline};

const FENCE: &str = "```";

/// The blocks of a text.
pub(super) fn parse(text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut rest = text;
    // Code comes first: nothing in it means anything.
    while let Some((before, code, after)) = next_code(rest) {
        lines(before, 0, &mut out);
        out.push(Block::Code(code));
        rest = after;
    }
    lines(rest, 0, &mut out);
    out
}

/// What stands before the first code block, the code, and what stands behind it.
fn next_code(text: &str) -> Option<(&str, String, &str)> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find(FENCE)?;
        let inside = start + FENCE.len();
        let end = inside + text[inside..].find(FENCE)?;
        let code = without_language(&text[inside..end]);
        if !code.trim().is_empty() {
            return Some((&text[..start], code.to_owned(), &text[end + FENCE.len()..]));
        }
        from = end;
    }
}

/// A first line that is one word names the language of the code, and is not shown.
fn without_language(code: &str) -> &str {
    let is_name =
        |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '#' | '.' | '-'));
    let code = match code.split_once('\n') {
        Some((first, rest)) if is_name(first) => rest,
        _ => code,
    };
    code.strip_suffix('\n').unwrap_or(code)
}

fn lines(text: &str, depth: usize, out: &mut Vec<Block>) {
    // A break beside a block is the block's own.
    let text = text.strip_prefix('\n').unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() {
        return;
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let mut plain: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let found = if depth < DEEPEST { special(&lines[at..], line, depth) } else { None };
        match found {
            Some((block, taken)) => {
                flush(&mut plain, out);
                out.extend(block);
                at += taken;
            }
            None => {
                plain.push(line);
                at += 1;
            }
        }
    }
    flush(&mut plain, out);
}

fn flush(plain: &mut Vec<&str>, out: &mut Vec<Block>) {
    if !plain.is_empty() {
        out.push(Block::Text(inline::parse(&plain.join("\n"))));
        plain.clear();
    }
}

/// The blocks that the first of these lines begins, and how many lines they take.
fn special(lines: &[&str], line: &str, depth: usize) -> Option<(Vec<Block>, usize)> {
    let quote = |text: &str| {
        let mut inside = Vec::new();
        self::lines(text, depth + 1, &mut inside);
        vec![Block::Quote(inside)]
    };
    if let Some(first) = line.strip_prefix(">>> ") {
        let rest = [&[first], &lines[1..]].concat().join("\n");
        return Some((quote(&rest), lines.len()));
    }
    let quoted: Vec<&str> = lines.iter().map_while(|line| line.strip_prefix("> ")).collect();
    if !quoted.is_empty() {
        return Some((quote(&quoted.join("\n")), quoted.len()));
    }
    if let Some(text) = line.strip_prefix("-# ").filter(|text| !text.trim().is_empty()) {
        return Some((vec![Block::Subtext(inline::parse(text.trim_start()))], 1));
    }
    if let Some((level, text)) = heading(line) {
        return Some((vec![Block::Heading(level, inline::parse(text))], 1));
    }
    let items: Vec<Marked<'_>> = lines.iter().map_while(|line| item(line)).collect();
    (!items.is_empty()).then(|| (lists(&items), items.len()))
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let text = line.trim_start_matches('#');
    let level = u8::try_from(line.len() - text.len()).ok().filter(|level| (1..=3).contains(level))?;
    let text = text.strip_prefix(' ')?.trim_start();
    (!text.is_empty()).then_some((level, text))
}

/// A line of a list.
struct Marked<'a> {
    indent: usize,
    /// Its number, where it has one.
    number: Option<u32>,
    text: &'a str,
}

fn item(line: &str) -> Option<Marked<'_>> {
    let inner = line.trim_start_matches(' ');
    let indent = line.len() - inner.len();
    let (number, text) = match inner.strip_prefix(['-', '*']) {
        Some(text) => (None, text),
        None => {
            let (digits, text) = inner.split_once('.')?;
            let is_number = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            (Some(digits.parse().ok().filter(|_| is_number)?), text)
        }
    };
    let text = text.strip_prefix(' ')?.trim_start();
    (!text.is_empty()).then_some(Marked { indent, number, text })
}

/// The lists of some items: where the kind changes another list begins, and what stands deeper belongs to the item before it.
fn lists(items: &[Marked<'_>]) -> Vec<Block> {
    let mut out = Vec::new();
    let mut rest = items;
    while let Some(first) = rest.first() {
        let is_other =
            |item: &Marked<'_>| item.indent <= first.indent && item.number.is_some() != first.number.is_some();
        let end = rest.iter().position(is_other).unwrap_or(rest.len());
        out.push(list(&rest[..end], first));
        rest = &rest[end..];
    }
    out
}

fn list(items: &[Marked<'_>], first: &Marked<'_>) -> Block {
    let mut made: Vec<Item> = Vec::new();
    let mut rest = items;
    while let Some((item, after)) = rest.split_first() {
        let deeper = after.iter().position(|other| other.indent <= first.indent).unwrap_or(after.len());
        let (below, next) = after.split_at(deeper);
        let text: Vec<Inline> = inline::parse(item.text);
        // Each list is deeper than the one that it stands in, by at least one space of a message of some thousands.
        let below =
            if below.first().is_some_and(|first| first.indent > DEEPEST * 2) { flat(below) } else { lists(below) };
        made.push(Item { text, below });
        rest = next;
    }
    Block::List(first.number, made)
}

/// Items that are too deep to be told apart.
fn flat(items: &[Marked<'_>]) -> Vec<Block> {
    let items = items.iter().map(|item| Item { text: inline::parse(item.text), below: Vec::new() });
    vec![Block::List(None, items.collect())]
}
