//! The RSA key, and what it signs (RSASSA-PKCS1-v1_5, RFC 8017).
//!
//! The cryptography of the workspace, aws-lc-rs, does not sign with SHA-1, for good reasons; SNS's first version of
//! signatures is SHA-1, and is what a topic has unless it asks for the second. So the arithmetic is here, on big integers: it is not constant in time,
//! and needs not be for a key that protects nothing.

use num_bigint::BigUint;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::prime;

/// The public exponent that everybody has.
pub(super) const EXPONENT: u32 = 65_537;

/// The bits of the modulus, and how many primes make it.
const BITS: usize = 2048;
const PRIMES: usize = 8;

/// What is signed: the hash of a text. Its algorithm's name goes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sns) enum Hash {
    /// `SignatureVersion` 1.
    Sha1,
    /// `SignatureVersion` 2.
    Sha256,
}

impl Hash {
    /// `DigestInfo`, in DER: the algorithm, then the hash.
    fn digest_info(self, text: &[u8]) -> Vec<u8> {
        const SHA1: [u8; 15] =
            [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
        const SHA256: [u8; 19] = [
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
            0x20,
        ];
        match self {
            Self::Sha1 => [SHA1.as_slice(), &Sha1::digest(text)].concat(),
            Self::Sha256 => [SHA256.as_slice(), &Sha256::digest(text)].concat(),
        }
    }
}

/// A private key, as the parts that make signing fast: one for each prime.
pub(super) struct Key {
    pub(super) modulus: BigUint,
    parts: Vec<Part>,
}

struct Part {
    prime: BigUint,
    /// The private exponent, modulo the prime less one.
    exponent: BigUint,
    /// The product of the primes before this one, and its inverse modulo this one.
    before: BigUint,
    inverse: BigUint,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    pub(super) fn generate() -> Self {
        loop {
            let primes: Vec<BigUint> = (0..PRIMES).map(|_| prime::random(BITS / PRIMES, EXPONENT)).collect();
            if let Some(key) = Self::of(&primes) {
                return key;
            }
        }
    }

    /// The key of these primes; none if two are the same.
    fn of(primes: &[BigUint]) -> Option<Self> {
        let (one, public) = (BigUint::from(1_u32), BigUint::from(EXPONENT));
        let mut modulus = one.clone();
        let mut parts = Vec::with_capacity(primes.len());
        for prime in primes {
            let before = modulus.clone();
            let inverse = (&before % prime).modinv(prime)?;
            let exponent = public.modinv(&(prime - &one))?;
            modulus *= prime;
            parts.push(Part { prime: prime.clone(), exponent, before, inverse });
        }
        Some(Self { modulus, parts })
    }

    /// How many bytes a signature has.
    pub(super) fn modulus_bytes(&self) -> usize {
        BITS / 8
    }

    /// The signature of a text.
    pub(super) fn sign(&self, hash: Hash, text: &[u8]) -> Vec<u8> {
        let info = hash.digest_info(text);
        let mut padded = vec![0xff; self.modulus_bytes() - info.len()];
        padded[0] = 0;
        padded[1] = 1;
        if let Some(last) = padded.last_mut() {
            *last = 0;
        }
        padded.extend_from_slice(&info);
        let signature = self.power(&BigUint::from_bytes_be(&padded)).to_bytes_be();
        let mut whole = vec![0; self.modulus_bytes().saturating_sub(signature.len())];
        whole.extend_from_slice(&signature);
        whole
    }

    /// The number to the private exponent: modulo each prime, put together by Garner's method.
    fn power(&self, number: &BigUint) -> BigUint {
        let mut result = BigUint::ZERO;
        for Part { prime, exponent, before, inverse } in &self.parts {
            let rest = (number % prime).modpow(exponent, prime);
            let known = &result % prime;
            let missing = (rest + prime - known) * inverse % prime;
            result += before * missing;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_undoes_what_the_private_one_did() {
        let key = Key::generate();
        assert_eq!(key.modulus.bits(), 2048);
        let signature = key.sign(Hash::Sha256, b"alarm");
        let opened = BigUint::from_bytes_be(&signature).modpow(&BigUint::from(EXPONENT), &key.modulus).to_bytes_be();
        assert!(opened.starts_with(&[1, 0xff, 0xff]), "the leading zero is not in the number");
        assert!(opened.ends_with(&Sha256::digest(b"alarm")));
    }
}
