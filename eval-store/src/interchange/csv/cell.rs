//! Texts that no spreadsheet takes for a formula.

use std::borrow::Cow;

/// Our mark: what follows is text, whatever it looks like.
const MARK: char = '\'';

/// Whether a cell that begins so is a formula somewhere. The wide forms are those of Japanese keyboards.
fn begins_formula(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
}

/// Whether a text gets a mark: what would be a formula, what is empty (an empty cell is an unknown value), and, since
/// reading takes one mark away, both of them behind any number of marks.
fn is_marked(text: &str) -> bool {
    text.trim_start_matches(MARK).chars().next().is_none_or(begins_formula)
}

/// A text as a cell.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    if is_marked(text) { Cow::Owned(format!("{MARK}{text}")) } else { Cow::Borrowed(text) }
}

/// The text of a cell; `None` when it is empty. Only a mark of ours is taken away.
pub(super) fn text(cell: &str) -> Option<&str> {
    match cell.strip_prefix(MARK) {
        Some(rest) if is_marked(rest) => Some(rest),
        _ => (!cell.is_empty()).then_some(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_marked_and_nothing_else_is() {
        for (original, marked) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("\t=1", "'\t=1"),
            ("\0=1", "'\0=1"),
            ("＝1", "'＝1"),
            ("", "'"),
            ("'", "''"),
            ("''", "'''"),
            ("1+1", "1+1"),
            ("'tis", "'tis"),
            ("''tis", "''tis"),
            (" =1", " =1"),
            ("é", "é"),
        ] {
            assert_eq!(cell(original), marked);
            assert_eq!(text(marked), Some(original));
        }
        assert_eq!(text(""), None);
    }
}
