//! Identifiers in the forms that AWS gives them.

use std::fmt::Write as _;

/// `PREFIX-` and 17 hexadecimal digits, as EC2 has had since 2016: `sg-0bb31cddb2c27f401`.
pub(crate) fn ec2(prefix: &str) -> String {
    format!("{prefix}-0{}", hex(16))
}

/// A random UUID: request ids, event ids, message ids.
pub(crate) fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// `len` random hexadecimal digits.
pub(crate) fn hex(len: usize) -> String {
    let mut digits = String::with_capacity(len + 1);
    while digits.len() < len {
        let _ = write!(digits, "{:02x}", rand::random::<u8>());
    }
    digits.truncate(len);
    digits
}

/// An IAM unique id: a four-letter prefix (`AIDA` a user, `AROA` a role, `AKIA` and `ASIA` keys) and 17 characters.
pub(crate) fn iam(prefix: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let tail = (0..17).map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>() % 32)]));
    prefix.chars().chain(tail).collect()
}
