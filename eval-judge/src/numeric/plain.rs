//! Formulas as plain text.

/// The text without the dress of formulas, and with vulgar fractions spelled out.
pub(super) fn plain(text: &str) -> String {
    let mut plain = text.to_owned();
    for (dressed, bare) in [
        ("{,}", ","),
        ("\\,", ""),
        ("\\%", "%"),
        ("\\$", "$"),
        ("\\times", "×"),
        ("\\cdot", "×"),
        ("½", " 1/2"),
        ("¼", " 1/4"),
        ("¾", " 3/4"),
        ("⅓", " 1/3"),
        ("⅔", " 2/3"),
    ] {
        if plain.contains(dressed) {
            plain = plain.replace(dressed, bare);
        }
    }
    for command in ["\\frac{", "\\dfrac{", "\\tfrac{"] {
        plain = fractions(&plain, command);
    }
    plain
}

/// `\frac{a}{b}` as `a/b`, where neither has braces inside.
fn fractions(text: &str, command: &str) -> String {
    let mut parts = text.split(command);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let split = part.split_once("}{").and_then(|(above, rest)| Some((above, rest.split_once('}')?)));
        match split {
            Some((above, (below, rest))) if !above.contains(['{', '}']) && !below.contains('{') => {
                plain.extend([above, "/", below, rest]);
            }
            _ => plain.extend([command, part]),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_plain_parts_only() {
        assert_eq!(plain(r"\frac{1}{2} + \tfrac{3}{4}"), "1/2 + 3/4");
        assert_eq!(plain(r"\frac{\sqrt{2}}{2}"), r"\frac{\sqrt{2}}{2}");
        assert_eq!(plain(r"\frac{1} \frac{"), r"\frac{1} \frac{");
    }
}
