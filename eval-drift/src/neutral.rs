//! Texts of models and data sets, made harmless for the place where they are shown.
//!
//! What a model wrote, and what stands in a data set, is hostile until shown otherwise: it may hold terminal escapes,
//! workflow commands, HTML, mentions of people. Each function here makes a text fit for one kind of place, where it is
//! shown and not obeyed. They do not nest: choose the one of the place. Names of categories, ids and settings are such
//! texts too.
//!
//! ```
//! use eval_drift::neutral;
//! assert_eq!(neutral::line("\u{1b}[31mred\n::error::no"), "\\u{1b}[31mred ::error::no");
//! assert_eq!(neutral::xml("a < b"), "a &lt; b");
//! assert!(!neutral::markdown("ask @octocat").contains("@octocat"));
//! ```

/// Stands between characters that mean something only together. It has no width.
const APART: char = '\u{200b}';

/// For a terminal or a log: one line without control characters, marks of direction or invisible characters, which are
/// shown as `\u{1b}`. It can be no workflow command of GitHub (`::error`, `##[…]`), Azure or TeamCity.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !shown.is_empty() {
            shown.push(' ');
        }
        word.chars().for_each(|character| push_visible(&mut shown, character));
    }
    let shown = shown.replace("##", &format!("#{APART}#"));
    // A run of three or more has kept one pair.
    let shown = shown.replace("##", &format!("#{APART}#"));
    if shown.starts_with("::") { format!("{APART}{shown}") } else { shown }
}

fn push_visible(shown: &mut String, character: char) {
    if character.is_control() || is_invisible(character) {
        shown.extend(character.escape_unicode());
    } else {
        shown.push(character);
    }
}

/// Characters that turn the reading direction around, that are not seen, or that are none.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    ) || (u32::from(character) & 0xfffe) == 0xfffe
}

/// For Markdown as GitHub and GitLab show it, within a line or a cell of a table: no markup, no HTML, no link, no image, no
/// mention of a person, no reference to an issue.
pub fn markdown(text: &str) -> String {
    let text = line(text);
    let mut safe = String::with_capacity(text.len() + text.len() / 4);
    let mut before = [' '; 3];
    for character in text.chars() {
        push_markdown(&mut safe, before, character);
        before = [before[1], before[2], character.to_ascii_lowercase()];
    }
    safe
}

fn push_markdown(safe: &mut String, before: [char; 3], character: char) {
    match character {
        '|' | '`' | '<' | '>' | '&' | '*' | '_' | '~' | '[' | ']' | '\\' | '$' => push_entity(safe, character),
        // Mentions, references and links are looked for in the text that is shown, so an entity alone does not hide them.
        '@' | '#' => {
            push_entity(safe, character);
            safe.push(APART);
        }
        '/' if before[2] == ':' => safe.extend([APART, '/']),
        '.' if before == ['w'; 3] => safe.extend(['.', APART]),
        '-' if before[1..] == ['g', 'h'] => safe.extend(['-', APART]),
        other => safe.push(other),
    }
}

fn push_entity(safe: &mut String, character: char) {
    safe.push_str(&format!("&#{};", u32::from(character)));
}

/// For XML, as text or in an attribute: one line, only characters that XML has, with `& < > " '` as entities.
pub fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in line(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            other => safe.push(other),
        }
    }
    safe
}

/// For the message of a workflow command of GitHub: `::error::` and then this.
pub fn workflow_message(text: &str) -> String {
    line(text).replace('%', "%25")
}

/// For a property of a workflow command of GitHub, for instance its title.
pub fn workflow_property(text: &str) -> String {
    workflow_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// For a part of a URL: everything but letters, digits and `- . _` as `%41`.
pub fn url_part(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => safe.push(char::from(byte)),
            other => safe.push_str(&format!("%{other:02X}")),
        }
    }
    safe
}

/// The first characters of a text, at most so many, with an ellipsis where something was cut. To be used before one of
/// the others, so that no entity is cut through.
pub fn cut(text: &str, characters: usize) -> String {
    let mut rest = text.chars();
    let mut kept: String = rest.by_ref().take(characters).collect();
    if rest.next().is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_harmless_stays_as_it_is() {
        for text in ["A warehouse has 1,240 crates; how many?", "Größe: 3 µm", "日本語", "x = y + 1"] {
            assert_eq!(line(text), text);
            assert_eq!(xml(text), text);
        }
        assert_eq!(markdown("1,240 crates - 3.5 each?"), "1,240 crates - 3.5 each?");
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("abc", 0), "…");
        assert_eq!(url_part("a b/ü"), "a%20b%2F%C3%BC");
    }

    #[test]
    fn what_means_something_only_together_is_parted() {
        for text in ["##[error]", "###[error]", "####vso[task]", "a ##teamcity[x]"] {
            assert!(!line(text).contains("##"), "{text}");
        }
        assert!(!line("  ::set-output name=x::y").starts_with("::"));
        assert!(!markdown("see www.evil.example and GH-12").contains("www.e"));
        assert!(!markdown("see https://evil.example").contains("://"));
    }
}
