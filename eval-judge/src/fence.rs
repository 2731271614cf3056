//! Markdown fences.

/// The text inside a single fence around the whole text, or the text itself; whitespace at the ends is cut.
///
/// The first line of the fence may say `json`. What follows the end of the fence belongs to the text, so that the
/// reader of it sees that the fence is not the whole.
pub(crate) fn without_fence(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some((language, body)) = inside.and_then(|inside| inside.split_once('\n')) else {
        return text;
    };
    let is_json = matches!(language.trim(), "") || language.trim().eq_ignore_ascii_case("json");
    if is_json { body.trim() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fence_around_the_whole() {
        for (text, inside) in [
            (" ```json\n1\n``` ", "1"),
            ("```\r\n1\r\n```", "1"),
            ("```JSON\n1```", "1"),
            ("```\n1", "```\n1"),
            ("```1```", "```1```"),
            ("```python\n1\n```", "```python\n1\n```"),
            ("a ```\n1\n```", "a ```\n1\n```"),
            ("```", "```"),
            ("1", "1"),
        ] {
            assert_eq!(without_fence(text), inside, "{text:?}");
        }
    }
}
