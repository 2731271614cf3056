//! The numbers of a text.

use std::fmt;

use super::plain::plain;
use super::scale::{percent, power, word};
use super::token::{Token, tokens};

/// A number as it is written in a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    /// The value; of a percentage the number before the sign.
    pub(super) value: f64,
    /// Whether a percent sign follows.
    pub(super) percent: bool,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, if self.percent { " %" } else { "" })
    }
}

/// The numbers of a text, in order.
pub(super) fn numbers(text: &str) -> Vec<Number> {
    let text: Vec<char> = plain(text).chars().collect();
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if !begins(&text, at) {
            at += 1;
            continue;
        }
        for token in tokens(&text, at) {
            let (number, end) = whole(&text, &token);
            numbers.extend(number);
            at = end;
        }
    }
    numbers
}

/// Whether a number begins here: a digit, or a point before one, not glued to a letter.
fn begins(text: &[char], at: usize) -> bool {
    let starts = is_digit(text, at) || (text[at] == '.' && is_digit(text, at + 1));
    let before = at.checked_sub(1).map(|before| text[before]);
    starts && !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// A token with all that belongs to it, and where that ends. No number when it divides by zero or is too large.
fn whole(text: &[char], token: &Token) -> (Option<Number>, usize) {
    let (value, at) = with_fraction(text, token);
    let (power, at) = power(text, at);
    let (word, at) = word(text, at);
    let (percent, at) = percent(text, at);
    let sign = if is_negative(text, token.from) { -1.0 } else { 1.0 };
    let value = sign * value * power * word;
    (value.is_finite().then_some(Number { value, percent }), at)
}

/// `3/4`, `1 3/4`, or the token alone.
fn with_fraction(text: &[char], token: &Token) -> (f64, usize) {
    let alone = (token.value, token.to);
    let after_bar = token.from.checked_sub(1).is_some_and(|before| is_bar(text, before));
    if !token.plain || after_bar {
        return alone;
    }
    if let Some((below, end)) = below_bar(text, token.to) {
        return (token.value / below, end);
    }
    let mixed = || {
        let above = (text.get(token.to) == Some(&' ')).then(|| digits(text, token.to + 1))??;
        let (below, end) = below_bar(text, above.to)?;
        (above.value < below).then_some((token.value + above.value / below, end))
    };
    mixed().unwrap_or(alone)
}

/// The number below a fraction bar that stands here. Two bars make a date.
fn below_bar(text: &[char], at: usize) -> Option<(f64, usize)> {
    let below = is_bar(text, at).then(|| digits(text, at + 1))??;
    let again = is_bar(text, below.to) && is_digit(text, below.to + 1);
    (!again).then_some((below.value, below.to))
}

/// A number of digits alone that begins here.
fn digits(text: &[char], at: usize) -> Option<Token> {
    if !is_digit(text, at) {
        return None;
    }
    tokens(text, at).into_iter().next().filter(|token| token.plain)
}

/// Whether a minus sign stands before the number or its currency sign. `5-7` is a range, `a-1` a name.
fn is_negative(text: &[char], from: usize) -> bool {
    let before = |at: usize| at.checked_sub(1).map(|before| text[before]);
    let is_currency = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹' | '¢');
    let at = from - usize::from(before(from).is_some_and(is_currency));
    let is_sign = matches!(before(at), Some('-' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}'));
    is_sign && !before(at - 1).is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | ')' | ']' | '%'))
}

fn is_bar(text: &[char], at: usize) -> bool {
    matches!(text.get(at), Some('/' | '\u{2044}'))
}

fn is_digit(text: &[char], at: usize) -> bool {
    text.get(at).is_some_and(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_of_writing_a_number() {
        for (text, value) in [
            ("-5", -5.0),
            ("−5", -5.0),
            ("-$1,234.50", -1234.5),
            ("€ 12", 12.0),
            ("$-3", -3.0),
            ("3/4", 0.75),
            ("-1 3/4 cups", -1.75),
            ("1½", 1.5),
            ("⅓", 1.0 / 3.0),
            (r"\dfrac{22}{7}", 22.0 / 7.0),
            (r"-\frac{1}{2}", -0.5),
            ("1.2e-3", 0.0012),
            ("6.02E23", 6.02e23),
            ("1.5 × 10^3", 1500.0),
            (r"1.5 \times 10^{-3}", 0.0015),
            ("2*10**4", 20_000.0),
            ("3·10⁸ m/s", 3e8),
            ("3 x 10⁻²", 0.03),
            ("8.1 billion people", 8.1e9),
            ("2 Million", 2e6),
            (r"1{,}024", 1024.0),
            ("(42)", 42.0),
            ("x=7", 7.0),
            ("5kg", 5.0),
            (r"\$5", 5.0),
        ] {
            let found = numbers(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!((found[0].value - value).abs() <= 1e-12 * value.abs(), "{text}: {found:?}");
            assert!(!found[0].percent, "{text}");
        }
    }

    #[test]
    fn percentages_keep_their_sign() {
        for text in ["15%", "15 %", r"15\%", "15 percent", "15 per cent"] {
            assert_eq!(numbers(text), [Number { value: 15.0, percent: true }], "{text}");
        }
    }

    #[test]
    fn several_numbers_and_none() {
        for (text, values) in [
            ("5-7", &[5.0, 7.0][..]),
            ("3 -4", &[3.0, -4.0]),
            ("1, 2 and 3.", &[1.0, 2.0, 3.0]),
            ("12/5/2024", &[12.0, 5.0, 2024.0]),
            ("10 000", &[10.0, 0.0]),
            ("2 x 3", &[2.0, 3.0]),
            ("1/0", &[]),
            ("1e999", &[]),
            ("H2O, x1, a_3", &[]),
            ("", &[]),
            ("4 5/3", &[4.0, 5.0 / 3.0]),
        ] {
            let found: Vec<f64> = numbers(text).iter().map(|number| number.value).collect();
            assert_eq!(found, values, "{text}");
        }
    }
}
