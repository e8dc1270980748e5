//! The certificate of the key: X.509 in DER, signed by itself, in PEM.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::key::{EXPONENT, Hash, Key};

/// Object identifiers, encoded.
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// Tags of DER.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// A certificate, and where it is served.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) pem: String,
    pub(super) path: String,
}

/// One element: tag, length, content.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match significant.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(0x7f));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(&content);
    out
}

/// A number that is not negative: the highest bit of its first byte is 0.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if bytes.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    element(INTEGER, &[sign, bytes])
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes])
}

fn algorithm(identifier: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[identifier]), &element(NULL, &[])])
}

fn name() -> Vec<u8> {
    let part = |identifier: &[u8], value: &str| {
        let pair = [element(OBJECT_IDENTIFIER, &[identifier]), element(UTF8_STRING, &[value.as_bytes()])];
        element(SET, &[&element(SEQUENCE, &[&pair[0], &pair[1]])])
    };
    // Not the name of AWS's own certificate: this one speaks for a lab.
    element(SEQUENCE, &[&part(ORGANIZATION, "alert-drill lab"), &part(COMMON_NAME, "sns.lab.invalid")])
}

fn time(at: Timestamp) -> Vec<u8> {
    element(UTC_TIME, &[at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()])
}

impl Certificate {
    pub(super) fn of(key: &Key) -> Self {
        let now = Timestamp::now();
        let hour = SignedDuration::from_hours(1);
        let public = element(SEQUENCE, &[&integer(&key.modulus.to_bytes_be()), &integer(&EXPONENT.to_be_bytes()[1..])]);
        let mut serial: [u8; 16] = rand::random();
        serial[0] = serial[0] & 0x7f | 0x40;
        let content = element(
            SEQUENCE,
            &[
                &integer(&serial),
                &algorithm(SHA256_WITH_RSA),
                &name(),
                &element(SEQUENCE, &[&time(now - hour), &time(now + hour * (24 * 365))]),
                &name(),
                &element(SEQUENCE, &[&algorithm(RSA), &bits(&public)]),
            ],
        );
        let signature = key.sign(Hash::Sha256, &content);
        let der = element(SEQUENCE, &[&content, &algorithm(SHA256_WITH_RSA), &bits(&signature)]);
        let digits: String = Sha256::digest(&der).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { pem: pem(&der), path: format!("/SimpleNotificationService-{digits}.pem") }
    }
}

fn pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}
