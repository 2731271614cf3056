//! Short pieces of long texts, for explanations.

/// The text on one line, at most `max` characters; what is left out shows as `…`.
pub(crate) fn excerpt(text: &str, max: usize) -> String {
    let mut short = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let gap = usize::from(length > 0);
        let room = max.saturating_sub(length + gap);
        if gap == 1 {
            short.push(' ');
        }
        if let Some((at, _)) = word.char_indices().nth(room) {
            short.push_str(&word[..at]);
            short.push('…');
            return short;
        }
        short.push_str(word);
        length += gap + word.chars().count();
    }
    short
}

/// The text in quotes, short enough that two of them fit into one explanation.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(text, 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_between_characters_and_says_so() {
        assert_eq!(excerpt(" a\n\tb\0c ", 10), "a b c");
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(excerpt("äöüß", 3), "äöü…");
        assert_eq!(excerpt("ab cd", 2), "ab …");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), 83);
    }
}
