//! Encrypting, decrypting and data keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Kms;
use super::cipher::{self, ALGORITHM, Context};
use super::error::{not_found, validation, violated};
use super::key::Key;
use super::permission::allows_call;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The most bytes that `Encrypt` takes.
const LARGEST_PLAINTEXT: usize = 4096;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypt {
    key_id: String,
    plaintext: String,
    #[serde(default)]
    encryption_context: Context,
    #[serde(flatten)]
    options: Options,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt {
    ciphertext_blob: String,
    key_id: Option<String>,
    #[serde(default)]
    encryption_context: Context,
    #[serde(flatten)]
    options: Options,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReEncrypt {
    ciphertext_blob: String,
    source_key_id: Option<String>,
    #[serde(default)]
    source_encryption_context: Context,
    destination_key_id: String,
    #[serde(default)]
    destination_encryption_context: Context,
    #[serde(flatten)]
    options: Options,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey {
    key_id: String,
    key_spec: Option<String>,
    number_of_bytes: Option<i64>,
    #[serde(default)]
    encryption_context: Context,
    #[serde(flatten)]
    options: Options,
}

/// What these operations have in common. What is not among them is unknown, and refused by its name.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Options {
    encryption_algorithm: Option<String>,
    source_encryption_algorithm: Option<String>,
    destination_encryption_algorithm: Option<String>,
    #[serde(default)]
    grant_tokens: Vec<String>,
    dry_run: Option<bool>,
    #[serde(flatten)]
    unknown: serde_json::Map<String, Value>,
}

impl Options {
    fn check(&self, call: &Call) -> Result<(), AwsError> {
        if let Some(name) = self.unknown.keys().next() {
            return Err(call.unsupported_parameter(name));
        }
        if !self.grant_tokens.is_empty() {
            return Err(call.unsupported_parameter("GrantTokens"));
        }
        if self.dry_run == Some(true) {
            return Err(call.unsupported_parameter("DryRun"));
        }
        let algorithms =
            [&self.encryption_algorithm, &self.source_encryption_algorithm, &self.destination_encryption_algorithm];
        match algorithms.into_iter().flatten().find(|algorithm| *algorithm != ALGORITHM) {
            None => Ok(()),
            Some(other) => Err(AwsError::unsupported(format_args!("the encryption algorithm {other}"))),
        }
    }
}

fn bytes(encoded: &str, at: &str) -> Result<Vec<u8>, AwsError> {
    let wrong = |_| AwsError::bad_request("SerializationException", format!("{at} is not base64"));
    STANDARD.decode(encoded).map_err(wrong)
}

/// Whether the caller may use the key for an operation, and whether the key can be used.
fn check_use(key: &Key, call: &Call, action: &str, context: &Context) -> Result<(), AwsError> {
    let names: Vec<String> = context.keys().map(|name| format!("kms:EncryptionContext:{name}")).collect();
    let keys: Vec<(&str, &str)> =
        names.iter().zip(context.values()).map(|(name, value)| (name.as_str(), value.as_str())).collect();
    allows_call(key, call, action, &keys)?;
    key.state.check_usable(&key.arn)
}

/// What was decrypted, and the ARN of the key that had encrypted it.
struct Opened {
    plaintext: Vec<u8>,
    key_arn: String,
}

impl Kms {
    fn open(
        &self,
        call: &Call,
        encoded: &str,
        expected: Option<&str>,
        context: &Context,
        action: &str,
    ) -> Result<Opened, AwsError> {
        let blob = bytes(encoded, "CiphertextBlob")?;
        let invalid = || AwsError::bad_request("InvalidCiphertextException", "");
        let id = cipher::key_id(&blob).ok_or_else(invalid)?;
        // Without a name, the key is the one that the blob names, in the caller's account.
        let name = expected.unwrap_or(id);
        self.find(&call.scope, name, |key| {
            if key.id != id {
                let message = "The key ID in the request does not identify a CMK that can perform this operation.";
                return Err(AwsError::bad_request("IncorrectKeyException", message));
            }
            check_use(key, call, action, context)?;
            let plaintext = key.material.decrypt(&blob, context).ok_or_else(invalid)?;
            Ok(Opened { plaintext, key_arn: key.arn.clone() })
        })
        .map_err(|error| match error.code.as_ref() {
            "NotFoundException" if expected.is_none() => invalid(),
            _ => error,
        })
    }

    /// The ciphertext of bytes, and the ARN of the key.
    fn seal(
        &self,
        call: &Call,
        name: &str,
        plaintext: &[u8],
        context: &Context,
        action: &str,
    ) -> Result<(String, String), AwsError> {
        if name.is_empty() {
            return Err(not_found("Invalid keyId ''"));
        }
        self.find(&call.scope, name, |key| {
            check_use(key, call, action, context)?;
            let blob = key.material.encrypt(&key.id, plaintext, context);
            Ok((STANDARD.encode(blob), key.arn.clone()))
        })
    }

    pub(super) fn encrypt(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Encrypt = call.input()?;
        input.options.check(call)?;
        let plaintext = bytes(&input.plaintext, "Plaintext")?;
        // KMS does not repeat what it is not to know.
        let violated = |constraint: String| {
            let what = "1 validation error detected: Value at 'plaintext' failed to satisfy constraint";
            Err(validation(format!("{what}: {constraint}")))
        };
        if plaintext.is_empty() {
            return violated("Member must have length greater than or equal to 1".to_owned());
        }
        if plaintext.len() > LARGEST_PLAINTEXT {
            return violated(format!("Member must have length less than or equal to {LARGEST_PLAINTEXT}"));
        }
        let (blob, arn) = self.seal(call, &input.key_id, &plaintext, &input.encryption_context, "kms:Encrypt")?;
        call.reply(&json!({ "CiphertextBlob": blob, "KeyId": arn, "EncryptionAlgorithm": ALGORITHM }))
    }

    pub(super) fn decrypt(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Decrypt = call.input()?;
        input.options.check(call)?;
        let name = input.key_id.as_deref();
        let Opened { plaintext, key_arn } =
            self.open(call, &input.ciphertext_blob, name, &input.encryption_context, "kms:Decrypt")?;
        let plaintext = STANDARD.encode(plaintext);
        call.reply(&json!({ "KeyId": key_arn, "Plaintext": plaintext, "EncryptionAlgorithm": ALGORITHM }))
    }

    pub(super) fn re_encrypt(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ReEncrypt = call.input()?;
        input.options.check(call)?;
        let (from, to) = (&input.source_encryption_context, &input.destination_encryption_context);
        let name = input.source_key_id.as_deref();
        let opened = self.open(call, &input.ciphertext_blob, name, from, "kms:ReEncryptFrom")?;
        let (blob, arn) = self.seal(call, &input.destination_key_id, &opened.plaintext, to, "kms:ReEncryptTo")?;
        call.reply(&json!({
            "CiphertextBlob": blob,
            "SourceKeyId": opened.key_arn,
            "KeyId": arn,
            "SourceEncryptionAlgorithm": ALGORITHM,
            "DestinationEncryptionAlgorithm": ALGORITHM,
        }))
    }

    pub(super) fn generate_data_key(&self, call: &Call, shows_plaintext: bool) -> Result<Reply, AwsError> {
        let input: GenerateDataKey = call.input()?;
        input.options.check(call)?;
        let length = match (input.key_spec.as_deref(), input.number_of_bytes) {
            (Some("AES_256"), None) => 32,
            (Some("AES_128"), None) => 16,
            (Some(spec), None) => {
                let constraint = "Member must satisfy enum value set: [AES_256, AES_128]";
                return Err(violated(spec, "keySpec", constraint));
            }
            (None, Some(bytes)) => length(bytes)?,
            (_, _) => return Err(validation("Please specify either number of bytes or key spec.")),
        };
        let plaintext = random(length);
        let action = format!("kms:{}", call.operation);
        let (blob, arn) = self.seal(call, &input.key_id, &plaintext, &input.encryption_context, &action)?;
        let mut answer = json!({ "CiphertextBlob": blob, "KeyId": arn });
        if shows_plaintext {
            answer["Plaintext"] = STANDARD.encode(plaintext).into();
        }
        call.reply(&answer)
    }
}

fn random(length: usize) -> Vec<u8> {
    (0..length).map(|_| rand::random()).collect()
}

fn length(bytes: i64) -> Result<usize, AwsError> {
    let in_range = usize::try_from(bytes).ok().filter(|bytes| (1..=1024).contains(bytes));
    in_range.ok_or_else(|| violated(bytes, "numberOfBytes", "Member must have value between 1 and 1024"))
}

/// Bytes that no key has to do with.
pub(super) fn generate_random(call: &Call) -> Result<Reply, AwsError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct GenerateRandom {
        number_of_bytes: i64,
    }
    let input: GenerateRandom = call.input()?;
    call.reply(&json!({ "Plaintext": STANDARD.encode(random(length(input.number_of_bytes)?)) }))
}
