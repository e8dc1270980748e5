//! The signatures of SNS: a key and a certificate that every process makes for itself, and that end with it.
//!
//! A subscriber that verifies what it gets, as it should, can be tested against the lab: the signature is right, in both
//! versions, and the certificate is where `SigningCertURL` says. What it must let pass is the address, which is the lab's
//! and plain HTTP: nobody can take a message of the lab for one of AWS's.
//!
//! The key is never written anywhere and no key comes with the lab, so that there is none to be trusted by mistake. It is
//! made in a thread of its own when the first topic is: starting a lab makes none, and the first delivery rarely waits. The
//! labs of one process, of which a test suite has many, share it.
//! Eight primes of 256 bits make its 2048 bits, which is RSA as two are (RFC 8017 allows it): they are found and signed with
//! many times faster. Whoever has months and a large computer can find such primes out; the key lasts as long as its process
//! and vouches for nothing but a rehearsal.
//!
//! Source: "Verifying the signatures of Amazon SNS messages" in the Amazon SNS Developer Guide.

mod certificate;
mod key;
mod prime;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::{OnceCell, oneshot};

use self::certificate::Certificate;
pub(super) use self::key::Hash;
use self::key::Key;

/// What signs the messages of a lab.
#[derive(Debug)]
pub(super) struct Signer {
    key: Key,
    certificate: Certificate,
}

impl Signer {
    fn generate() -> Self {
        let key = Key::generate();
        let certificate = Certificate::of(&key);
        Self { key, certificate }
    }

    /// The signature of the pairs that SNS signs, in their order: each name and each value on a line of its own.
    pub(super) fn sign(&self, version: &str, pairs: &[(&str, &str)]) -> String {
        let text: String = pairs.iter().flat_map(|(name, value)| [*name, "\n", *value, "\n"]).collect();
        let hash = if version == "2" { Hash::Sha256 } else { Hash::Sha1 };
        STANDARD.encode(self.key.sign(hash, text.as_bytes()))
    }

    /// The path of the certificate: `/SimpleNotificationService-….pem`.
    pub(super) fn certificate_path(&self) -> &str {
        &self.certificate.path
    }

    /// The certificate as the address of `SigningCertURL` serves it.
    pub(super) fn certificate_pem(&self) -> &str {
        &self.certificate.pem
    }
}

/// The signer of this process, which is made once.
static SIGNER: OnceCell<Arc<Signer>> = OnceCell::const_new();

/// Begins to make the signer, if there is none. Should the lab end meanwhile, whoever asks next begins once more.
pub(super) fn prepare() {
    if !SIGNER.initialized() {
        tokio::spawn(signer());
    }
}

/// The signer, once it is made.
pub(super) async fn signer() -> Arc<Signer> {
    Arc::clone(SIGNER.get_or_init(make).await)
}

/// In a thread that nothing waits for when the lab ends, unlike one of the runtime's.
async fn make() -> Arc<Signer> {
    let (sender, made) = oneshot::channel();
    let thread = std::thread::Builder::new().name("sns-signing-key".to_owned());
    // The lab may be gone by then: nobody listens.
    let spawned = thread.spawn(move || drop(sender.send(Signer::generate())));
    let signer = match spawned {
        Ok(_) => made.await.ok(),
        Err(_) => None,
    };
    Arc::new(signer.unwrap_or_else(Signer::generate))
}
