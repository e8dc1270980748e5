//! The places of a matrix.

use super::super::matrix::{AccountId, Caller, ExternalId, Matrix, Places, RoleArn};
use super::super::mistake::{Mistake, Place, Sources};
use super::super::names::Region;
use super::super::yaml::{self, Node};
use super::{Beside, Decoder, Fields};

/// Reads a matrix's text.
pub(in crate::scenario) fn matrix(file: &str, text: &str) -> Result<Matrix, (Vec<Mistake>, Sources)> {
    // It refers to no other file.
    let nothing = Beside::new("");
    let mut decoder = Decoder { files: &nothing, found: Vec::new(), elsewhere: Vec::new(), sources: Sources::new() };
    let tree = yaml::parse(text, &mut decoder.found);
    if tree.is_none() {
        // The reader's advice is for scenarios.
        decoder.found.iter_mut().filter(|found| found.message == yaml::EMPTY).for_each(|found| {
            found.hint = Some("begin with `places:`".to_owned());
        });
    }
    let decoded = tree.and_then(|tree| decoder.matrix(&tree));
    match decoded {
        Some(matrix) if decoder.found.is_empty() => Ok(matrix),
        _ => {
            let mistake = |found: yaml::Found| Mistake {
                file: file.to_owned(),
                place: Some(Place::of(text, found.bytes)),
                message: found.message,
                hint: found.hint,
            };
            let sources = Sources::from([(file.to_owned(), text.to_owned())]);
            Err((decoder.found.into_iter().map(mistake).collect(), sources))
        }
    }
}

impl Decoder<'_> {
    fn matrix(&mut self, node: &Node) -> Option<Matrix> {
        let mut fields = Fields::of(self, node, "a matrix")?;
        let places = fields.required(self, "places", |decoder, node| {
            let items = decoder.items(node)?;
            let mut seen: Vec<(String, String)> = Vec::new();
            let places: Vec<_> = items.iter().map(|item| decoder.places(item, &mut seen)).collect();
            places.into_iter().collect::<Option<Vec<_>>>()
        });
        fields.close(self);
        Some(Matrix { places: places? })
    }

    /// The Regions of an account; `seen` are the places before.
    fn places(&mut self, node: &Node, seen: &mut Vec<(String, String)>) -> Option<Places> {
        let mut fields = Fields::of(self, node, "a place")?;
        let account = fields.optional(self, "account", Self::written::<AccountId>);
        let arn = fields.optional(self, "role_arn", Self::written::<RoleArn>);
        let external_id = fields.optional(self, "external_id", Self::written::<ExternalId>);
        let regions = fields.required(self, "regions", |decoder, node| {
            let items = decoder.items(node)?;
            let regions: Vec<_> =
                items.iter().map(|item| Some((decoder.written::<Region>(item)?, item.bytes.clone()))).collect();
            regions.into_iter().collect::<Option<Vec<_>>>()
        });
        fields.close(self);
        let (account, arn, external_id, regions) = (account?, arn?, external_id?, regions?);
        let caller = match (account, arn, external_id) {
            (Some(account), None, None) => Caller::Account(account),
            (None, Some(arn), external_id) => Caller::Role { arn, external_id },
            (Some(_), Some(_), _) => {
                let message = "`account` and `role_arn` stand together, and a place has one of them";
                self.mistake_with(node.named.clone(), message, "remove `account`: the role's ARN has it");
                return None;
            }
            (Some(_), None, Some(_)) => {
                self.mistake(node.named.clone(), "`external_id` is there without a `role_arn` that it belongs to");
                return None;
            }
            (None, None, _) => {
                let message = "a place has an `account`, or the `role_arn` of a role in it, and this has neither";
                self.mistake(node.named.clone(), message);
                return None;
            }
        };
        for (region, bytes) in &regions {
            let place = (caller.account().to_owned(), region.to_string());
            if seen.contains(&place) {
                let message = format!("{} in {region} is there twice", place.0);
                self.mistake_with(bytes.clone(), message, "keep one: two runs at once would open each other's group");
            }
            seen.push(place);
        }
        Some(Places { caller, regions: regions.into_iter().map(|(region, _)| region).collect() })
    }
}
