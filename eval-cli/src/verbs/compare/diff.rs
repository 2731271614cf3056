//! Two texts, word by word.

use serde::Serialize;

/// Words of the middle that are compared with each other; longer middles are shown as gone and come.
const LONGEST: usize = 1_000;

/// A part of two texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "what", content = "words")]
pub(super) enum Piece {
    /// Words of both.
    Same(String),
    /// Words of the first only.
    Gone(String),
    /// Words of the second only.
    New(String),
}

/// The longest common words of two texts, and what stands between them. White space counts as one blank.
pub(super) fn diff(before: &str, now: &str) -> Vec<Piece> {
    let [before, now] = [before, now].map(|text| text.split_whitespace().collect::<Vec<_>>());
    let head = before.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[head..], &now[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut words: Vec<(Side, &str)> = before[..head].iter().map(|word| (Side::Both, *word)).collect();
    words.extend(middle(old, new));
    words.extend(before[before.len() - tail..].iter().map(|word| (Side::Both, *word)));
    joined(&words)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Both,
    Old,
    New,
}

fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(Side, &'a str)> {
    let all = |side: Side, words: &[&'a str]| words.iter().map(|word| (side, *word)).collect::<Vec<_>>();
    if old.len().max(new.len()) > LONGEST {
        return [all(Side::Old, old), all(Side::New, new)].concat();
    }
    let common = lengths(old, new);
    let (mut words, mut i, mut j) = (Vec::new(), 0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            words.push((Side::Both, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if common[i + 1][j] >= common[i][j + 1] {
            words.push((Side::Old, old[i]));
            i += 1;
        } else {
            words.push((Side::New, new[j]));
            j += 1;
        }
    }
    words.extend(all(Side::Old, &old[i..]));
    words.extend(all(Side::New, &new[j..]));
    words
}

/// How many words the rests from here on have in common.
fn lengths(old: &[&str], new: &[&str]) -> Vec<Vec<u16>> {
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    common
}

fn joined(words: &[(Side, &str)]) -> Vec<Piece> {
    let parts = words.chunk_by(|a, b| a.0 == b.0);
    let text = |part: &[(Side, &str)]| part.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(" ");
    let piece = |part: &[(Side, &str)]| match part[0].0 {
        Side::Both => Piece::Same(text(part)),
        Side::Old => Piece::Gone(text(part)),
        Side::New => Piece::New(text(part)),
    };
    parts.map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, now: &str) -> String {
        let piece = |piece: Piece| match piece {
            Piece::Same(words) => words,
            Piece::Gone(words) => format!("[-{words}-]"),
            Piece::New(words) => format!("{{+{words}+}}"),
        };
        diff(before, now).into_iter().map(piece).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_stays_stays_and_the_rest_is_marked() {
        assert_eq!(shown("the answer is 42", "the answer is  43"), "the answer is [-42-] {+43+}");
        assert_eq!(shown("a b c d e", "a c x d e"), "a [-b-] c {+x+} d e");
        assert_eq!(shown("", "all new"), "{+all new+}");
        assert_eq!(shown("gone", ""), "[-gone-]");
        assert_eq!((shown("", ""), shown("a a", "a")), (String::new(), "a [-a-]".to_owned()));
        let [long, other] = ["x ", "y "].map(|word| word.repeat(2 * LONGEST));
        assert_eq!(diff(&long, &other).len(), 2, "too long to be compared");
        assert_eq!(diff(&long, &long).len(), 1);
    }
}
