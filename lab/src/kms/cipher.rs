//! What a key does to bytes: a real envelope, so that a wrong key, a wrong context or a changed byte is found out.
//!
//! The form of a ciphertext is KMS's own affair, in AWS as here: nobody else can read it. This one is HMAC-SHA256 twice,
//! as a stream of pseudo-random bytes that hides and as a tag that proves (encrypt, then authenticate). It takes what the
//! lab has compiled anyway; it is no AES, and the lab keeps no secrets.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The only algorithm of symmetric keys.
pub(super) const ALGORITHM: &str = "SYMMETRIC_DEFAULT";

/// What a blob begins with: it is one of the lab's.
const MAGIC: [u8; 4] = *b"LAB1";
const ID: usize = 36;
const NONCE: usize = 16;
const TAG: usize = 32;

/// The pairs that whoever decrypts has to know.
pub(super) type Context = BTreeMap<String, String>;

/// The secret of a key, as long as a block of the hash.
#[derive(Clone)]
pub(super) struct Material([u8; 64]);

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Material(…)")
    }
}

impl Material {
    pub(super) fn random() -> Self {
        Self(rand::random())
    }

    fn mac(&self, purpose: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&self.0).into());
        mac.update(purpose);
        mac
    }

    /// Hides bytes or shows them again: the same in both directions.
    fn apply_stream(&self, nonce: &[u8], bytes: &mut [u8]) {
        for (block, chunk) in (0_u64..).zip(bytes.chunks_mut(32)) {
            let mut mac = self.mac(b"hide");
            mac.update(nonce);
            mac.update(&block.to_be_bytes());
            for (byte, mask) in chunk.iter_mut().zip(mac.finalize().into_bytes()) {
                *byte ^= mask;
            }
        }
    }

    fn authenticator(&self, sealed: &[u8], context: &Context) -> Hmac<Sha256> {
        let mut mac = self.mac(b"prove");
        let mut add = |bytes: &[u8]| {
            mac.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(bytes);
        };
        add(sealed);
        for (name, value) in context {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        mac
    }

    /// The ciphertext of bytes, with the id of the key in front.
    pub(super) fn encrypt(&self, key_id: &str, plaintext: &[u8], context: &Context) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let mut sealed = Vec::with_capacity(MAGIC.len() + ID + NONCE + plaintext.len() + TAG);
        sealed.extend_from_slice(&MAGIC);
        sealed.extend_from_slice(key_id.as_bytes());
        sealed.extend_from_slice(&nonce);
        let mut hidden = plaintext.to_vec();
        self.apply_stream(&nonce, &mut hidden);
        sealed.extend_from_slice(&hidden);
        let tag = self.authenticator(&sealed, context).finalize().into_bytes();
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// The bytes that a ciphertext was made of; none if it was not made with this key and this context.
    pub(super) fn decrypt(&self, blob: &[u8], context: &Context) -> Option<Vec<u8>> {
        let (sealed, tag) = blob.split_at_checked(blob.len().checked_sub(TAG)?)?;
        self.authenticator(sealed, context).verify_slice(tag).ok()?;
        let rest = sealed.get(MAGIC.len() + ID..)?;
        let (nonce, hidden) = rest.split_at_checked(NONCE)?;
        let mut plaintext = hidden.to_vec();
        self.apply_stream(nonce, &mut plaintext);
        Some(plaintext)
    }
}

/// The id of the key that made a ciphertext; none if it is none of the lab's.
pub(super) fn key_id(blob: &[u8]) -> Option<&str> {
    let id = blob.strip_prefix(&MAGIC)?.get(..ID)?;
    std::str::from_utf8(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids;

    #[test]
    fn what_was_encrypted_comes_back_and_nothing_else_does() {
        let (key, other, id) = (Material::random(), Material::random(), ids::uuid());
        let context = Context::from([("a".to_owned(), "1".to_owned())]);
        for plaintext in [&b""[..], b"x", &[7; 100]] {
            let blob = key.encrypt(&id, plaintext, &context);
            assert_eq!(key_id(&blob), Some(id.as_str()));
            assert_eq!(key.decrypt(&blob, &context).as_deref(), Some(plaintext));
            assert!(plaintext.len() < 4 || !blob.windows(plaintext.len()).any(|window| window == plaintext));
            assert_eq!(key.decrypt(&blob, &Context::new()), None, "another context");
            assert_eq!(other.decrypt(&blob, &context), None, "another key");
            for at in [0, 41, blob.len() - 1] {
                let mut changed = blob.clone();
                changed[at] ^= 1;
                assert_eq!(key.decrypt(&changed, &context), None, "changed at {at}");
            }
        }
        assert_eq!(key.decrypt(b"short", &context), None);
        assert_eq!(key_id(b"not one of ours"), None);
    }
}
