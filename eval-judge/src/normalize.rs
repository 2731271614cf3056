//! When two texts count as the same.

use unicode_normalization::UnicodeNormalization;

/// What is ignored when an answer is compared with what is expected.
///
/// By default all of it:
/// - Unicode composition (NFC): `é` as one character or as two. `²` stays `²`; it is not `2`.
/// - *marks*: typographic quotes and dashes become `"`, `'` and `-`; invisible characters (zero-width space, word
///   joiner, byte order mark) are dropped.
/// - *case*.
/// - *whitespace*: any run of it, line breaks included, is one space; none at the ends.
/// - *ends*: quotes, backticks and asterisks around the whole text, and full stops after it.
///
/// ```
/// use eval_judge::Normalizer;
/// assert_eq!(Normalizer::new().apply(" **“New\n YORK”**. "), "new york");
/// assert_eq!(Normalizer::new().keep_case().apply("New  York."), "New York");
/// assert_eq!(Normalizer::verbatim().apply(" a. "), " a. ");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normalizer {
    composition: bool,
    marks: bool,
    case: bool,
    whitespace: bool,
    ends: bool,
}

impl Normalizer {
    /// Ignores all that is listed above.
    pub const fn new() -> Self {
        Self { composition: true, marks: true, case: true, whitespace: true, ends: true }
    }

    /// Ignores nothing: texts are compared byte by byte.
    pub const fn verbatim() -> Self {
        Self { composition: false, marks: false, case: false, whitespace: false, ends: false }
    }

    /// The same rules, but `Paris` and `paris` differ.
    pub const fn keep_case(mut self) -> Self {
        self.case = false;
        self
    }

    /// The same rules, but typographic quotes, dashes and invisible characters count.
    pub const fn keep_marks(mut self) -> Self {
        self.marks = false;
        self
    }

    /// The same rules, but whitespace counts.
    pub const fn keep_whitespace(mut self) -> Self {
        self.whitespace = false;
        self
    }

    /// The same rules, but quotes around the text and full stops after it count.
    pub const fn keep_ends(mut self) -> Self {
        self.ends = false;
        self
    }

    /// The text with all that is ignored taken away.
    pub fn apply(&self, text: &str) -> String {
        let mut text = if self.composition { text.nfc().collect() } else { text.to_owned() };
        if self.marks {
            text = text.chars().filter_map(plain_mark).collect();
        }
        if self.case {
            text = text.to_lowercase();
        }
        if self.whitespace {
            text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        if self.ends { strip_ends(&text).to_owned() } else { text }
    }

    /// What tells two settings apart in a fingerprint.
    pub(crate) fn code(&self) -> String {
        [self.composition, self.marks, self.case, self.whitespace, self.ends]
            .map(|on| if on { '1' } else { '0' })
            .iter()
            .collect()
    }
}

impl Default for Normalizer {
    fn default() -> Self {
        Self::new()
    }
}

fn plain_mark(c: char) -> Option<char> {
    match c {
        '\u{200b}' | '\u{2060}' | '\u{feff}' => None,
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => Some('\''),
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '«' | '»' => Some('"'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        other => Some(other),
    }
}

/// A text that consists of such marks alone is left as it is: nothing must not equal everything.
fn strip_ends(text: &str) -> &str {
    let mut inner = text.trim();
    loop {
        let before = inner;
        inner = inner.strip_suffix(['.', '。']).unwrap_or(inner).trim_end();
        for mark in ['"', '\'', '`', '*'] {
            inner = unwrap(inner, mark).trim();
        }
        if inner.is_empty() {
            return text;
        }
        if inner == before {
            return inner;
        }
    }
}

fn unwrap(text: &str, mark: char) -> &str {
    text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_after_normalising() {
        for (one, other) in [
            ("Paris", " paris.\n"),
            ("cafe\u{301}", "CAFÉ"),
            ("don’t", "Don't"),
            ("a – b", "a - b"),
            ("“x”", "x"),
            ("`x`.", "x"),
            ("\u{feff}x\u{200b}", "x"),
            ("a\u{a0}b", "a\r\n b"),
            ("...", "..."),
        ] {
            assert_eq!(Normalizer::new().apply(one), Normalizer::new().apply(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn different_after_normalising() {
        for (one, other) in
            [("10²", "102"), ("a b", "ab"), ("-1", "1"), ("1.5", "15"), (".", ""), ("\"", ""), ("x!", "x")]
        {
            assert_ne!(Normalizer::new().apply(one), Normalizer::new().apply(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn each_rule_can_be_turned_off() {
        let rules = Normalizer::new();
        assert_eq!(rules.keep_case().apply("A."), "A");
        assert_eq!(rules.keep_ends().apply("A."), "a.");
        assert_eq!(rules.keep_marks().apply("‘a"), "‘a");
        assert_eq!(rules.keep_whitespace().keep_ends().apply(" a  b"), " a  b");
    }
}
