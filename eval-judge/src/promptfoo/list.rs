//! Lists with commas.

/// The entries of `a, b, "c, d"`: quotes keep commas and spaces, `""` and `\"` in them are a quote. Blank entries count
/// only in quotes.
///
/// # Errors
/// A quote that does not end, or something between its end and the next comma.
pub(super) fn entries(text: &str) -> Result<Vec<String>, &'static str> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            return Ok(found);
        }
        if let Some(inside) = rest.strip_prefix('"') {
            let (entry, after) = quoted(inside)?;
            found.push(entry);
            rest = after.trim_start();
            if !rest.is_empty() && !rest.starts_with(',') {
                return Err("a comma must follow an entry in quotes");
            }
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            found.push(rest[..end].trim_end().to_owned());
            rest = &rest[end..];
        }
    }
}

fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut entry = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match (c, next) {
            ('\\', Some(escaped @ ('"' | '\\'))) | ('"', Some(escaped @ '"')) => {
                entry.push(escaped);
                characters.next();
            }
            ('"', _) => return Ok((entry, &text[at + 1..])),
            _ => entry.push(c),
        }
    }
    Err("a quote does not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_quotes() {
        let read = |text| entries(text).unwrap();
        assert_eq!(read(" a, b ,,c d "), ["a", "b", "c d"]);
        assert_eq!(read(r#""a, b", c, " d ", """e""", "\"f\\""#), ["a, b", "c", " d ", "\"e\"", "\"f\\"]);
        assert!(read(" , ,").is_empty());
        assert_eq!(read("\"\""), [""]);
        assert!(entries("\"a").is_err() && entries("\"a\" b").is_err());
    }
}
