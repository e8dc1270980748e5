//! How long an alert may take.

use super::super::patience::{Budget, Expectation, Parts, Patience};
use super::super::wait::{TargetKind, Wait};
use super::super::yaml::{Kind, Node};
use super::{Decoder, Fields};

pub(super) fn patience(decoder: &mut Decoder<'_>, node: &Node) -> Option<Patience> {
    let mut fields = Fields::of(decoder, node, "a time by target")?;
    let mut of = |name: &'static str, target: TargetKind, decoder: &mut Decoder<'_>| {
        let written = fields.optional(decoder, name, |decoder, node| budget(decoder, node, target));
        written.map(|budget| budget.unwrap_or(Budget::usual(target)))
    };
    let lab = of("lab", TargetKind::Lab, decoder);
    let localstack = of("localstack", TargetKind::Localstack, decoder);
    let aws = of("aws", TargetKind::Aws, decoder);
    fields.close(decoder);
    Some(Patience { lab: lab?, localstack: localstack?, aws: aws? })
}

/// One length of time, which is the end of it; or its parts.
fn budget(decoder: &mut Decoder<'_>, node: &Node, target: TargetKind) -> Option<Budget> {
    if !matches!(node.kind, Kind::Mapping(_)) {
        let give_up = decoder.written(node)?;
        return Some(Budget::of(Parts { give_up: Some(give_up), ..Parts::default() }, target));
    }
    let mut fields = Fields::of(decoder, node, "what an alert may take")?;
    let expect = fields.optional(decoder, "expect", expectation);
    // What a part must not be before, by its name.
    let mut least: Option<(&str, Wait)> = expect.flatten().map(|expect| ("the end of `expect`", expect.to));
    let warn = fields.optional(decoder, "warn", |decoder, node| not_before(decoder, node, least));
    if let Some(Some(warn)) = warn {
        least = Some(("`warn`", warn));
    }
    let give_up = fields.optional(decoder, "give_up", |decoder, node| not_before(decoder, node, least));
    fields.close(decoder);
    Some(Budget::of(Parts { expect: expect?, warn: warn?, give_up: give_up? }, target))
}

fn expectation(decoder: &mut Decoder<'_>, node: &Node) -> Option<Expectation> {
    let mut fields = Fields::of(decoder, node, "when an alert is expected")?;
    let from = fields.required(decoder, "from", Decoder::written::<Wait>);
    let least = from.map(|from| ("`from`", from));
    let to = fields.required(decoder, "to", |decoder, node| not_before(decoder, node, least));
    fields.close(decoder);
    Some(Expectation { from: from?, to: to? })
}

/// A length of time that is no shorter than another one.
fn not_before(decoder: &mut Decoder<'_>, node: &Node, least: Option<(&str, Wait)>) -> Option<Wait> {
    let wait: Wait = decoder.written(node)?;
    match least {
        Some((name, least)) if wait < least => {
            let message = format!("{} is {wait}, which is before {name} ({least})", node.label);
            decoder.mistake_with(
                node.bytes.clone(),
                message,
                "the parts are in order: `expect.from`, `expect.to`, `warn`, `give_up`",
            );
            None
        }
        _ => Some(wait),
    }
}
