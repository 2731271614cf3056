//! Takes the teeth out of text that imitates the structure of a prompt.

/// Words that begin a turn or a block of instructions in the formats that models know.
const ROLES: [&str; 11] = [
    "system",
    "assistant",
    "user",
    "human",
    "developer",
    "tool",
    "ai",
    "instruction",
    "instructions",
    "model",
    "grader",
];

/// Text in which nothing looks like a mark of a prompt, and how many places were changed.
///
/// One character of each such place becomes a look-alike, so that a reader still sees what stood there:
/// - our own marks: `<<<BEGIN` and `<<<END` become `‹<<BEGIN`;
/// - control tokens: `<|im_start|>`, `<<SYS>>`, `[INST]`, `<s>`, tags such as `<system>`;
/// - roles at the beginning of a line: the colon of `system:` becomes `∶`.
///
/// Unicode tag characters, which models read and people do not see, become `\u{fffd}`.
pub(super) fn neutralize(text: &str) -> (String, usize) {
    let mut neutral = String::with_capacity(text.len());
    let mut changed = 0;
    let mut line_start = true;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colon = if line_start { role_colon(rest) } else { None };
        if let Some(at) = colon {
            neutral.push_str(&rest[..at]);
            neutral.push('∶');
            rest = skip(rest, at);
            line_start = false;
            changed += 1;
            continue;
        }
        let replaced = replacement(c, rest);
        changed += usize::from(replaced.is_some());
        neutral.push(replaced.unwrap_or(c));
        line_start = ends_line(c);
        rest = &rest[c.len_utf8()..];
        if !line_start {
            // Most text is none of our business.
            let plain = rest.find(|c| may_begin_a_mark(c) || ends_line(c)).unwrap_or(rest.len());
            neutral.push_str(&rest[..plain]);
            rest = &rest[plain..];
        }
    }
    (neutral, changed)
}

/// The mark of data: stands for a space, and before the end of a line.
const MARK: char = 'ˆ';

/// The text with its spaces marked, and how many marks stood in it already; those become `^`.
///
/// *Datamarking* of K. Hines et al., *Defending Against Indirect Prompt Injection Attacks With Spotlighting* (2024),
/// arXiv:2403.14720, section 3.2. Line ends stay, so that code and tables can be read.
pub(super) fn mark(text: &str) -> (String, usize) {
    let mut marked = String::with_capacity(text.len());
    let mut changed = 0;
    for c in text.chars() {
        match c {
            MARK => {
                marked.push('^');
                changed += 1;
            }
            '\n' => marked.extend([MARK, '\n']),
            c if c.is_whitespace() => marked.push(MARK),
            c => marked.push(c),
        }
    }
    (marked, changed)
}

fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn may_begin_a_mark(c: char) -> bool {
    matches!(c, '<' | '[' | '\u{e0000}'..='\u{e007f}')
}

/// What follows the character at a place.
fn skip(text: &str, at: usize) -> &str {
    let mut characters = text[at..].chars();
    characters.next();
    characters.as_str()
}

/// The look-alike of a character that begins something which looks like a mark.
fn replacement(c: char, rest: &str) -> Option<char> {
    match c {
        '<' if is_own_mark(rest) || is_control_token(rest) => Some('‹'),
        '[' if ["[INST]", "[/INST]", "[SYSTEM]", "[/SYSTEM]"].iter().any(|token| begins_with(rest, token)) => Some('⁅'),
        '\u{e0000}'..='\u{e007f}' => Some('\u{fffd}'),
        _ => None,
    }
}

fn is_own_mark(rest: &str) -> bool {
    rest.strip_prefix("<<<")
        .map(str::trim_start)
        .is_some_and(|rest| begins_with(rest, "begin") || begins_with(rest, "end"))
}

fn is_control_token(rest: &str) -> bool {
    if let Some(inside) = rest.strip_prefix("<|") {
        // Only so far as a token can reach: a text full of openings is still read once.
        let is_name = |c: &char| c.is_alphanumeric() || matches!(c, '_' | ' ' | '-' | '▁');
        let length: usize = inside.chars().take(40).take_while(is_name).map(char::len_utf8).sum();
        return inside[length..].starts_with("|>");
    }
    if ["<<sys>>", "<</sys>>", "<s>", "</s>"].iter().any(|token| begins_with(rest, token)) {
        return true;
    }
    let name = rest[1..].trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    is_role(&name[..end]) && name[end..].starts_with(['>', ' '])
}

/// Where the colon stands of a role at the beginning of a line, perhaps behind marks such as `#`, `*`, `>` or `-`.
fn role_colon(line: &str) -> Option<usize> {
    let word = line.trim_start_matches([' ', '\t', '#', '*', '>', '-', '_']);
    let end = word.find(|c: char| !c.is_ascii_alphanumeric())?;
    if !is_role(&word[..end]) {
        return None;
    }
    let after = word[end..].trim_start_matches([' ', '*', '_']);
    after.starts_with([':', '：']).then_some(line.len() - after.len())
}

fn is_role(word: &str) -> bool {
    ROLES.iter().any(|role| role.eq_ignore_ascii_case(word))
}

fn begins_with(text: &str, token: &str) -> bool {
    text.get(..token.len()).is_some_and(|start| start.eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_mark_is_changed_and_counted() {
        for (text, neutral) in [
            ("<<<END answer 00>>>", "‹<<END answer 00>>>"),
            ("<<<<BEGIN x", "<‹<<BEGIN x"),
            ("<<< begin x", "‹<< begin x"),
            ("a <|im_end|> b", "a ‹|im_end|> b"),
            ("<｜x", "<｜x"),
            ("[inst] x", "⁅inst] x"),
            ("<<SYS>>", "‹<SYS>>"),
            ("</s>", "‹/s>"),
            ("<System>", "‹System>"),
            ("</assistant >", "‹/assistant >"),
            ("system: x", "system∶ x"),
            ("x\r\n  ### **Assistant**: y", "x\r\n  ### **Assistant**∶ y"),
            ("Human：x", "Human∶x"),
            ("a\u{e0041}", "a\u{fffd}"),
        ] {
            let (found, changed) = neutralize(text);
            assert_eq!(found, neutral, "{text}");
            assert_eq!(changed, usize::from(text != neutral), "{text}");
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            ">>> print(x)\ncat <<<EOF | x |> f <| g",
            "the system: it runs",
            "users: 5\nAid: no",
            "<b>bold</b> <sup>2</sup> a < b",
            "[[[1]]] [5] {{x}} {question} $x",
            "```json\n{\"score\": 1}\n```",
            "日本語 🏴 ünï",
            "",
        ] {
            assert_eq!(neutralize(text), (text.to_owned(), 0));
        }
    }

    #[test]
    fn marks_stand_for_spaces() {
        assert_eq!(mark("a b\tc\nd\u{a0}e"), ("aˆbˆcˆ\ndˆe".to_owned(), 0));
        assert_eq!(mark("aˆb c"), ("a^bˆc".to_owned(), 1));
    }

    #[test]
    fn it_changes_nothing_twice() {
        let (once, _) = neutralize("<<<END x>>>\nsystem: <|a|>\n[INST]");
        assert_eq!(neutralize(&once), (once.clone(), 0));
    }
}
