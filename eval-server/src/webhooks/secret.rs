//! What a receiver and we know, and nobody else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;
use thiserror::Error;

const PREFIX: &str = "whsec_";
const LEAST_BYTES: usize = 24;
const MOST_BYTES: usize = 64;
const NEW_BYTES: usize = 32;

/// The secret that signs the webhooks to one receiver: 24 to 64 random bytes, written `whsec_` and base64.
///
/// Its `Debug` shows nothing of it.
///
/// ```
/// use eval_server::WebhookSecret;
///
/// let secret = WebhookSecret::generate()?;
/// let shown_once = secret.reveal();
/// assert!(WebhookSecret::parse(&shown_once).is_ok());
/// assert!(WebhookSecret::parse(&"whsec_c2hvcnQ=".into()).is_err());
/// # Ok::<(), eval_server::SecretError>(())
/// ```
#[derive(Debug, Clone)]
pub struct WebhookSecret(SecretSlice<u8>);

/// Why a text is no secret of a webhook. It never repeats the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Not `whsec_` and base64.
    #[error("the secret of a webhook is not whsec_ and base64")]
    Format,
    /// Too short to be safe, or longer than the specification allows.
    #[error("the secret of a webhook has {bytes} bytes; expected 24 to 64")]
    Length {
        /// How many there are.
        bytes: usize,
    },
    /// The operating system gives no random bytes.
    #[error("the system has no random bytes for the secret of a webhook")]
    Random,
}

impl WebhookSecret {
    /// A new one, of 32 bytes of the operating system's randomness.
    ///
    /// # Errors
    ///
    /// [`SecretError::Random`].
    pub fn generate() -> Result<Self, SecretError> {
        let mut key = vec![0; NEW_BYTES];
        SysRng.try_fill_bytes(&mut key).map_err(|_| SecretError::Random)?;
        Ok(Self(key.into()))
    }

    /// Reads one; blanks around it are left out, since files end in a line break.
    ///
    /// # Errors
    ///
    /// [`SecretError::Format`] or [`SecretError::Length`].
    pub fn parse(text: &SecretString) -> Result<Self, SecretError> {
        let encoded = text.expose_secret().trim().strip_prefix(PREFIX).ok_or(SecretError::Format)?;
        let key = SecretSlice::from(STANDARD.decode(encoded).map_err(|_| SecretError::Format)?);
        match key.expose_secret().len() {
            LEAST_BYTES..=MOST_BYTES => Ok(Self(key)),
            bytes => Err(SecretError::Length { bytes }),
        }
    }

    /// The text to give to the receiver.
    pub fn reveal(&self) -> SecretString {
        format!("{PREFIX}{}", STANDARD.encode(self.0.expose_secret())).into()
    }

    /// HMAC-SHA256 over parts as if they stood in one text, in base64.
    pub(super) fn sign(&self, parts: &[&[u8]]) -> Result<String, SecretError> {
        let key = self.0.expose_secret();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| SecretError::Length { bytes: key.len() })?;
        parts.iter().for_each(|part| mac.update(part));
        Ok(STANDARD.encode(mac.finalize().into_bytes()))
    }
}
