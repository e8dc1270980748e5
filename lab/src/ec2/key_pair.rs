//! Key pairs: names that launches give, and what is said of them.
//!
//! The lab's instances run nothing that one could log in to: the private key of `CreateKeyPair` is random and opens nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::filter::{Described, Filter, select};
use super::region::Region;
use super::resource_id::Kind;
use super::tag::{self, Tag, TagSpecification};
use super::{dry_run_ends, invalid_value, missing, one_of};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::{ids, time};

/// A key pair, of which the public half stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct KeyPair {
    pub(super) id: String,
    pub(super) name: String,
    kind: String,
    fingerprint: String,
    public_key: Option<String>,
    created: Timestamp,
}

impl Described for KeyPair {
    const FILTERS: &'static [&'static str] = &["fingerprint", "key-name", "key-pair-id"];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, _: &Region) -> Vec<String> {
        vec![match filter {
            "fingerprint" => self.fingerprint.clone(),
            "key-name" => self.name.clone(),
            _ => self.id.clone(),
        }]
    }
}

/// The refusal of a name that no key pair has.
pub(super) fn not_found(name: &str) -> AwsError {
    AwsError::bad_request("InvalidKeyPair.NotFound", format!("The key pair '{name}' does not exist"))
}

fn check_name(name: &str) -> Result<(), AwsError> {
    if name.is_empty() {
        return Err(missing("KeyName"));
    }
    if name.len() > 255 || !name.is_ascii() {
        return Err(invalid_value(format!("Value ({name}) for parameter keyName is invalid.")));
    }
    Ok(())
}

fn add(region: &mut Region, pair: KeyPair, tags: &[Tag], dry_run: Option<bool>) -> Result<(), AwsError> {
    dry_run_ends(dry_run)?;
    if region.key_pairs.contains_key(&pair.name) {
        let message = format!("The keypair already exists: {}", pair.name);
        return Err(AwsError::bad_request("InvalidKeyPair.Duplicate", message));
    }
    region.tags.put(&pair.id, tags);
    region.key_pairs.insert(pair.name.clone(), pair);
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    key_name: String,
    key_type: Option<String>,
    key_format: Option<String>,
    #[serde(default)]
    tag_specification: Vec<TagSpecification>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    key_pair_id: String,
    key_name: String,
    key_fingerprint: String,
    key_material: Option<String>,
    tag_set: Option<Vec<Tag>>,
}

/// `CreateKeyPair`.
pub(super) fn create(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    check_name(&input.key_name)?;
    let kind = one_of("keyType", input.key_type.as_deref(), &["rsa", "ed25519"])?;
    if one_of("keyFormat", input.key_format.as_deref(), &["pem", "ppk"])? == "ppk" {
        return Err(call.unsupported_parameter("KeyFormat=ppk"));
    }
    let tags = tag::of_specification(&input.tag_specification, Kind::KeyPair.resource_type())?;
    let random: Vec<u8> = (0..1190).map(|_| rand::random()).collect();
    let label = if kind == "rsa" { "RSA PRIVATE KEY" } else { "OPENSSH PRIVATE KEY" };
    let text = STANDARD.encode(&random[..if kind == "rsa" { 1190 } else { 270 }]);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let pair = KeyPair {
        id: ids::ec2("key"),
        name: input.key_name,
        fingerprint: if kind == "rsa" { colons(&random[..20]) } else { STANDARD.encode(&random[..32]) },
        kind,
        public_key: None,
        created: call.time,
    };
    let made = Made {
        key_pair_id: pair.id.clone(),
        key_name: pair.name.clone(),
        key_fingerprint: pair.fingerprint.clone(),
        key_material: Some(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n"))),
        tag_set: (!tags.is_empty()).then(|| tags.clone()),
    };
    add(region, pair, &tags, input.dry_run)?;
    call.reply(&made)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ImportInput {
    key_name: String,
    /// In base64 on the wire.
    public_key_material: String,
    #[serde(default)]
    tag_specification: Vec<TagSpecification>,
    dry_run: Option<bool>,
}

/// `ImportKeyPair`.
pub(super) fn import(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: ImportInput = call.input()?;
    check_name(&input.key_name)?;
    let tags = tag::of_specification(&input.tag_specification, Kind::KeyPair.resource_type())?;
    let wrong = || AwsError::bad_request("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
    let text = STANDARD.decode(input.public_key_material.trim()).ok().and_then(|text| String::from_utf8(text).ok());
    let text = text.ok_or_else(wrong)?;
    let mut words = text.split_whitespace();
    let (word, blob) = words.next().zip(words.next()).ok_or_else(wrong)?;
    let blob = STANDARD.decode(blob).map_err(|_| wrong())?;
    let (kind, fingerprint) = match word {
        "ssh-rsa" => ("rsa", colons(&Md5::digest(rsa_der(&blob).ok_or_else(wrong)?))),
        "ssh-ed25519" => ("ed25519", STANDARD.encode(Sha256::digest(&blob))),
        _ => return Err(wrong()),
    };
    let pair = KeyPair {
        id: ids::ec2("key"),
        name: input.key_name,
        kind: kind.to_owned(),
        fingerprint,
        public_key: Some(text.trim().to_owned()),
        created: call.time,
    };
    let made = Made {
        key_pair_id: pair.id.clone(),
        key_name: pair.name.clone(),
        key_fingerprint: pair.fingerprint.clone(),
        key_material: None,
        tag_set: (!tags.is_empty()).then(|| tags.clone()),
    };
    add(region, pair, &tags, input.dry_run)?;
    call.reply(&made)
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// An RSA key of OpenSSH's in the form that its fingerprint is taken of: `SubjectPublicKeyInfo`.
fn rsa_der(blob: &[u8]) -> Option<Vec<u8>> {
    fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (field, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        *rest = after;
        Some(field)
    }
    let mut rest = blob;
    let (kind, exponent, modulus) = (field(&mut rest)?, field(&mut rest)?, field(&mut rest)?);
    if kind != b"ssh-rsa" {
        return None;
    }
    const RSA: [u8; 13] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let key = element(0x30, &[element(0x02, &[modulus]).as_slice(), &element(0x02, &[exponent])]);
    Some(element(0x30, &[element(0x30, &[&RSA]).as_slice(), &element(0x03, &[&[0], key.as_slice()])]))
}

/// A tag, the length, and the parts.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    let significant = bytes.iter().position(|byte| *byte != 0).map_or(&bytes[bytes.len() - 1..], |at| &bytes[at..]);
    let mut out = vec![tag];
    if length >= 0x80 {
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
    }
    out.extend_from_slice(significant);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    key_name: Option<String>,
    key_pair_id: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    #[serde(rename = "return")]
    done: bool,
    key_pair_id: Option<String>,
}

/// `DeleteKeyPair`. A pair that is not there is deleted.
pub(super) fn delete(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: DeleteInput = call.input()?;
    if input.key_name.is_none() && input.key_pair_id.is_none() {
        return Err(missing("KeyName"));
    }
    dry_run_ends(input.dry_run)?;
    let is_it =
        |pair: &&KeyPair| Some(&pair.name) == input.key_name.as_ref() || Some(&pair.id) == input.key_pair_id.as_ref();
    let found = region.key_pairs.values().find(is_it).cloned();
    if let Some(pair) = &found {
        region.key_pairs.remove(&pair.name);
        region.tags.forget(&pair.id);
    }
    call.reply(&Deleted { done: true, key_pair_id: found.map(|pair| pair.id) })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    key_name: Vec<String>,
    #[serde(default)]
    key_pair_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    include_public_key: Option<bool>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    key_set: Vec<KeyItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyItem {
    key_pair_id: String,
    key_fingerprint: String,
    key_name: String,
    key_type: String,
    tag_set: Vec<Tag>,
    public_key: Option<String>,
    create_time: String,
}

/// `DescribeKeyPairs`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    if let Some(absent) = input.key_name.iter().find(|name| !region.key_pairs.contains_key(*name)) {
        return Err(not_found(absent));
    }
    if let Some(absent) = input.key_pair_id.iter().find(|id| !region.exists(Kind::KeyPair, id)) {
        return Err(Kind::KeyPair.not_found(absent));
    }
    let all = input.key_name.is_empty() && input.key_pair_id.is_empty();
    let wanted = |pair: &&KeyPair| all || input.key_name.contains(&pair.name) || input.key_pair_id.contains(&pair.id);
    let pairs = select(region, region.key_pairs.values().filter(wanted), &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let item = |pair: &KeyPair| KeyItem {
        key_pair_id: pair.id.clone(),
        key_fingerprint: pair.fingerprint.clone(),
        key_name: pair.name.clone(),
        key_type: pair.kind.clone(),
        tag_set: region.tags.of(&pair.id).to_vec(),
        public_key: pair.public_key.clone().filter(|_| input.include_public_key == Some(true)),
        create_time: time::millis(pair.created),
    };
    call.reply(&DescribeOutput { key_set: pairs.into_iter().map(item).collect() })
}
