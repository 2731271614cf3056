//! Two answers beside each other, word by word.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

/// Of longer answers so many bytes are shown, unless all are asked for.
pub const SHOWN_BYTES: usize = 20_000;

/// Some words of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordPart {
    /// The words with the white space between them.
    pub text: String,
    /// Whether the other answer does not have them.
    pub changed: bool,
}

/// One of two answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Side {
    /// The answer, in parts.
    pub parts: Vec<WordPart>,
    /// How many bytes the whole answer has.
    pub bytes: usize,
    /// How many of them are not here.
    pub left_out: usize,
}

/// Two answers, word by word. The text is what a model wrote: it must be escaped wherever it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct WordDiff {
    /// The earlier answer.
    pub before: Side,
    /// The later one.
    pub now: Side,
}

impl WordDiff {
    /// Compares the first [`SHOWN_BYTES`] of two answers.
    ///
    /// ```
    /// use eval_server::dashboard::WordDiff;
    /// let diff = WordDiff::of("it ships 35 crates", "it ships 7 crates");
    /// let changed: Vec<&str> = diff.now.parts.iter().filter(|part| part.changed).map(|part| part.text.as_str()).collect();
    /// assert_eq!(changed, ["7"]);
    /// ```
    pub fn of(before: &str, now: &str) -> Self {
        Self::up_to(before, now, SHOWN_BYTES)
    }

    /// Compares all of two answers.
    pub fn of_all(before: &str, now: &str) -> Self {
        Self::up_to(before, now, usize::MAX)
    }

    fn up_to(before: &str, now: &str, most: usize) -> Self {
        let [shown_before, shown_now] = [before, now].map(|text| head(text, most));
        let mut diff = Self { before: Side::of(before, shown_before), now: Side::of(now, shown_now) };
        for change in TextDiff::from_words(shown_before, shown_now).iter_all_changes() {
            let (text, changed) = (change.value(), change.tag() != ChangeTag::Equal);
            if change.tag() != ChangeTag::Insert {
                diff.before.push(text, changed);
            }
            if change.tag() != ChangeTag::Delete {
                diff.now.push(text, changed);
            }
        }
        diff
    }
}

impl Side {
    fn of(whole: &str, shown: &str) -> Self {
        Self { parts: Vec::new(), bytes: whole.len(), left_out: whole.len() - shown.len() }
    }

    fn push(&mut self, text: &str, changed: bool) {
        match self.parts.last_mut().filter(|last| last.changed == changed) {
            Some(last) => last.text.push_str(text),
            None => self.parts.push(WordPart { text: text.to_owned(), changed }),
        }
    }
}

/// At most so many bytes of a text, and only whole letters.
fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(side: &Side) -> String {
        side.parts.iter().map(|part| part.text.as_str()).collect()
    }

    proptest! {
        #[test]
        fn nothing_is_lost_but_what_is_counted(before in "\\PC{0,80}", now in "[a-z \n]{0,80}", most in 0_usize..120) {
            let diff = WordDiff::up_to(&before, &now, most);
            for (side, text) in [(&diff.before, &before), (&diff.now, &now)] {
                prop_assert_eq!(whole(side), head(text, most));
                prop_assert_eq!(side.bytes - side.left_out, whole(side).len());
            }
            prop_assert!(WordDiff::of_all(&before, &before).now.parts.iter().all(|part| !part.changed));
        }
    }

    #[test]
    fn long_answers_are_cut_between_letters() {
        let long = "né ".repeat(10_000);
        let diff = WordDiff::of(&long, "né");
        assert_eq!(diff.before.left_out, long.len() - whole(&diff.before).len());
        assert!(whole(&diff.before).len() <= SHOWN_BYTES && diff.before.bytes == 40_000);
        assert_eq!(WordDiff::of_all(&long, "né").before.left_out, 0);
    }
}
