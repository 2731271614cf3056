//! Text of models and data sets, made fit for a terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Makes untrusted text harmless: control characters, escape sequences and marks that turn the reading direction
/// around are shown, not obeyed. Line ends and tabs stay.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => cleaned.push(character),
            '\r' => {}
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => cleaned.extend(character.escape_unicode()),
            control if control.is_control() => cleaned.extend(control.escape_default()),
            other => cleaned.push(other),
        }
    }
    cleaned
}

/// The text on one line, with single spaces.
pub(crate) fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text cut in its middle to so many columns, so that both ends of a name stay readable.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    if columns <= 3 {
        return take(text.chars(), columns);
    }
    let head = (columns - 1).div_ceil(2);
    let tail: String = take(text.chars().rev(), columns - 1 - head).chars().rev().collect();
    format!("{}…{tail}", take(text.chars(), head))
}

fn take(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    characters
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_are_shown_not_obeyed() {
        assert_eq!(clean("a\u{1b}[31mred\u{7}\r\nb"), "a\\u{1b}[31mred\\u{7}\nb");
        assert_eq!(clean("\u{202e}txt"), "\\u{202e}txt");
        assert_eq!(one_line(" a \n\t b "), "a b");
    }

    #[test]
    fn names_are_cut_in_the_middle_by_columns() {
        assert_eq!(shorten("claude-sonnet-4-5", 17), "claude-sonnet-4-5");
        assert_eq!(shorten("claude-sonnet-4-5", 9), "clau…-4-5");
        assert_eq!(shorten("日本語日本語", 7), "日…本語".replace("本語", "語"));
        assert_eq!(shorten("abc", 0), "");
    }
}
