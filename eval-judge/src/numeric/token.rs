//! Digits with the marks inside them.

/// Digits that belong together, with the value they have.
pub(super) struct Token {
    /// Where the token begins and ends, in characters.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) value: f64,
    /// Whether it is written with digits alone.
    pub(super) plain: bool,
}

/// The numbers that begin with the digit at `from`: one, or several where the marks between them make no number.
pub(super) fn tokens(text: &[char], from: usize) -> Vec<Token> {
    let to = end(text, from);
    let written: String = text[from..to].iter().map(|&c| if is_group_space(c) { '_' } else { c }).collect();
    match read(&written) {
        Some(value) => vec![Token { from, to, value, plain: written.bytes().all(|b| b.is_ascii_digit()) }],
        None => pieces(text, from, to),
    }
}

fn is_group_space(c: char) -> bool {
    matches!(c, '_' | '\'' | '\u{2019}' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

/// The end of the digits and of the marks that have a digit on both sides.
fn end(text: &[char], from: usize) -> usize {
    let is_digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
    let mut at = from;
    while at < text.len() {
        let inside = (matches!(text[at], '.' | ',') || is_group_space(text[at])) && is_digit(at + 1);
        // A leading point, as in `.5`, has a digit behind it only.
        if !is_digit(at) && !(inside && (at == from || is_digit(at - 1))) {
            break;
        }
        at += 1;
    }
    at
}

/// Dates, versions, lists without spaces: each run of digits is a number of its own.
fn pieces(text: &[char], from: usize, to: usize) -> Vec<Token> {
    let mut pieces = Vec::new();
    let mut at = from;
    for run in text[from..to].split(|c| !c.is_ascii_digit()) {
        let written: String = run.iter().collect();
        pieces.extend(written.parse().ok().map(|value| Token { from: at, to: at + run.len(), value, plain: true }));
        at += run.len() + 1;
    }
    pieces
}

/// The value of digits with `.`, `,` and `_` (any other grouping mark) between them.
fn read(written: &str) -> Option<f64> {
    let (whole, fraction) = split_decimal(written)?;
    let digits = ungroup(whole)?;
    format!("{}.{fraction}", if digits.is_empty() { "0" } else { &digits }).parse().ok()
}

/// The part before and the part after the decimal mark.
fn split_decimal(written: &str) -> Option<(&str, &str)> {
    let (dots, commas) = (written.matches('.').count(), written.matches(',').count());
    let last_is_comma = written.rfind(',') > written.rfind('.');
    let decimal = match (dots, commas) {
        (0, 0) => None,
        (1, 0) => Some('.'),
        (0, 1) => (!is_grouped(written, ',')).then_some(','),
        (1, _) if !last_is_comma => Some('.'),
        (_, 1) if last_is_comma => Some(','),
        _ => None,
    };
    let Some(mark) = decimal else {
        return Some((written, "0"));
    };
    let (whole, fraction) = written.rsplit_once(mark)?;
    fraction.bytes().all(|b| b.is_ascii_digit()).then_some((whole, fraction))
}

/// The digits of a whole number, its grouping marks left out; `None` when they do not stand at thousands.
fn ungroup(whole: &str) -> Option<String> {
    let mark = whole.chars().find(|c| !c.is_ascii_digit());
    match mark {
        None => Some(whole.to_owned()),
        Some(mark) => is_grouped(whole, mark).then(|| whole.split(mark).collect()),
    }
}

/// Whether one to three digits are followed by groups of exactly three. A leading zero groups nothing: `0,125`.
fn is_grouped(whole: &str, mark: char) -> bool {
    let mut groups = whole.split(mark);
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && digits(first)
        && !first.starts_with('0')
        && groups.all(|group| group.len() == 3 && digits(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_between_digits() {
        for (written, values) in [
            ("7", &[7.0][..]),
            ("007", &[7.0]),
            (".5", &[0.5]),
            ("1.234", &[1.234]),
            ("1,234", &[1234.0]),
            ("0,125", &[0.125]),
            ("3,15", &[3.15]),
            ("1,234,567.89", &[1_234_567.89]),
            ("1.234.567,89", &[1_234_567.89]),
            ("1.234,5", &[1234.5]),
            ("1'234'567", &[1_234_567.0]),
            ("1_000_000.5", &[1_000_000.5]),
            ("1\u{202f}234,5", &[1234.5]),
            ("1,2,3", &[1.0, 2.0, 3.0]),
            ("12.5.2024", &[12.0, 5.0, 2024.0]),
            ("12345,678,9", &[12345.0, 678.0, 9.0]),
            ("1,23.4", &[1.0, 23.0, 4.0]),
            ("1.", &[1.0]),
            ("1, 2", &[1.0]),
        ] {
            let text: Vec<char> = written.chars().collect();
            let found: Vec<f64> = tokens(&text, 0).iter().map(|token| token.value).collect();
            assert_eq!(found, values, "{written}");
        }
    }
}
