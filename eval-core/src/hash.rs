//! Content hashes: what tells whether two runs used the same prompt, rubric or question.

/// A hash of several texts, as 32 hex digits (128 bits of BLAKE3). The boundaries between the texts count:
/// `["ab", "c"]` and `["a", "bc"]` differ.
///
/// ```
/// assert_ne!(eval_core::short_hash(["ab", "c"]), eval_core::short_hash(["a", "bc"]));
/// ```
pub fn short_hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    digest(parts).to_hex()[..32].to_owned()
}

/// The whole hash of several texts.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize()
}
