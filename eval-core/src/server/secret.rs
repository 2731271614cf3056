//! What opens the door: an id that may be seen, and a secret that is shown once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::BoxError;

/// The part of a token that may be seen: 16 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// The 16 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TokenId {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match text.len() == 16 && text.bytes().all(is_digit) {
            true => Ok(Self(text.to_owned())),
            false => Err("the id of a token has 16 hex digits".into()),
        }
    }
}

/// The hash of a secret, by BLAKE3: the secret has 256 random bits, so that a slow hash would add nothing, and this one
/// is here already. Two are compared in constant time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretHash(blake3::Hash);

impl fmt::Display for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

impl FromStr for SecretHash {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(blake3::Hash::from_hex(text)?))
    }
}

/// A whole token, `evh_<id>_<secret>`, with 256 random bits in its secret. Only [`reveal`](Self::reveal) shows it.
#[derive(Clone)]
pub struct Secret {
    id: TokenId,
    secret: String,
}

impl Secret {
    /// A new one, from the randomness of the operating system.
    ///
    /// # Errors
    /// When the operating system has none to give.
    pub fn generate() -> Result<Self, BoxError> {
        let mut bytes = [0; 40];
        getrandom::fill(&mut bytes)?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (id, secret) = digits.split_at(16);
        Ok(Self { id: TokenId(id.to_owned()), secret: secret.to_owned() })
    }

    /// The part that may be seen.
    pub fn id(&self) -> &TokenId {
        &self.id
    }

    /// The hash of the secret part: all that is stored of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash(blake3::hash(self.secret.as_bytes()))
    }

    /// The whole token, to be shown to its user once.
    pub fn reveal(&self) -> String {
        format!("evh_{}_{}", self.id, self.secret)
    }
}

/// Hides the secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evh_{}_…", self.id)
    }
}

impl FromStr for Secret {
    type Err = BoxError;

    /// Reads what a client presents. An error repeats nothing of it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.strip_prefix("evh_").and_then(|rest| rest.split_once('_'));
        let (id, secret) = parts.ok_or("a token looks like evh_ID_SECRET")?;
        let secret_is_whole = secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        match secret_is_whole {
            true => Ok(Self { id: id.parse()?, secret: secret.to_owned() }),
            false => Err("the secret of a token has 64 hex digits".into()),
        }
    }
}
