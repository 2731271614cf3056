//! What stands behind the digits of a number and changes its value.
//!
//! Each function takes a place in the text and returns a factor and the place behind what it read; the factor is 1,
//! and the place the same, when there is nothing to read.

const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// `e-3`, `× 10^-3`, `*10**4`, `·10⁸`.
pub(super) fn power(text: &[char], at: usize) -> (f64, usize) {
    let read = || {
        let exponent_at = match text.get(at)? {
            'e' | 'E' => at + 1,
            _ => return times_ten(text, at),
        };
        let (exponent, end) = signed(text, exponent_at)?;
        // `5e3b` is a name or a hash.
        (!text.get(end).is_some_and(|c| c.is_alphanumeric())).then_some((exponent, end))
    };
    read().map_or((1.0, at), |(exponent, end)| (10_f64.powi(exponent), end))
}

fn times_ten(text: &[char], at: usize) -> Option<(i32, usize)> {
    let at = skip_spaces(text, at);
    matches!(text.get(at)?, '×' | '·' | '⋅' | '*' | 'x' | 'X').then_some(())?;
    let at = skip_spaces(text, at + 1);
    (text.get(at..at + 2)? == ['1', '0']).then_some(())?;
    let at = at + 2;
    match text.get(at)? {
        '^' => braced(text, at + 1),
        '*' if text.get(at + 1) == Some(&'*') => braced(text, at + 2),
        _ => superscript(text, at),
    }
}

/// An exponent, perhaps in braces or parentheses.
fn braced(text: &[char], at: usize) -> Option<(i32, usize)> {
    let opened = usize::from(matches!(text.get(at)?, '{' | '('));
    let (exponent, end) = signed(text, at + opened)?;
    let closed = usize::from(opened == 1 && matches!(text.get(end), Some('}' | ')')));
    Some((exponent, end + closed))
}

fn signed(text: &[char], at: usize) -> Option<(i32, usize)> {
    let (sign, from) = match text.get(at)? {
        '-' | '\u{2212}' => ("-", at + 1),
        '+' => ("", at + 1),
        _ => ("", at),
    };
    let length = text.get(from..)?.iter().take_while(|c| c.is_ascii_digit()).count();
    let digits: String = text[from..from + length].iter().collect();
    Some((format!("{sign}{digits}").parse().ok()?, from + length))
}

fn superscript(text: &[char], at: usize) -> Option<(i32, usize)> {
    let negative = text.get(at) == Some(&'⁻');
    let from = at + usize::from(negative);
    let digits: Vec<usize> =
        text[from..].iter().map_while(|c| SUPERSCRIPTS.iter().position(|superscript| superscript == c)).collect();
    let written: String = digits.iter().map(usize::to_string).collect();
    let exponent: i32 = written.parse().ok()?;
    Some((if negative { -exponent } else { exponent }, from + digits.len()))
}

/// `thousand`, `million`, `billion`, `trillion`, in any case.
pub(super) fn word(text: &[char], at: usize) -> (f64, usize) {
    let words = [("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12)];
    let from = skip_spaces(text, at);
    let found = words.iter().find_map(|(word, factor)| Some((*factor, end_of_word(text, from, word)?)));
    found.unwrap_or((1.0, at))
}

/// A percent sign or word.
pub(super) fn percent(text: &[char], at: usize) -> (bool, usize) {
    let from = skip_spaces(text, at);
    let end = if text.get(from) == Some(&'%') {
        Some(from + 1)
    } else {
        ["percent", "per cent"].iter().find_map(|word| end_of_word(text, from, word))
    };
    end.map_or((false, at), |end| (true, end))
}

/// Where a whole word that begins here ends.
fn end_of_word(text: &[char], from: usize, word: &str) -> Option<usize> {
    let end = from + word.len();
    let same = text.get(from..end)?.iter().zip(word.chars()).all(|(c, expected)| c.eq_ignore_ascii_case(&expected));
    (same && !text.get(end).is_some_and(|c| c.is_alphanumeric())).then_some(end)
}

fn skip_spaces(text: &[char], at: usize) -> usize {
    at + text[at..].iter().take_while(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power_of(text: &str) -> (f64, usize) {
        power(&text.chars().collect::<Vec<_>>(), 0)
    }

    #[test]
    fn what_is_no_power_is_left_alone() {
        for text in ["", "e", "e-", "e3b", " x 3", "× 10", "×10^", "*10*2", "×1", "e99999999999"] {
            assert_eq!(power_of(text), (1.0, 0), "{text}");
        }
        assert_eq!(power_of("e+2,"), (100.0, 3));
        assert_eq!(power_of("×10^(2))"), (100.0, 7));
    }
}
