//! Words in the manner of the Penn Treebank, as promptfoo's ROUGE counts them.

use std::sync::LazyLock;

use regex::Regex;

/// Where a text is parted, in this order, and with what. R. MacIntyre, *Treebank tokenization* (1995), as far as texts of
/// a few sentences show: quotes, ellipses, commas and colons outside of numbers, the last full stop, brackets, contractions.
const RULES: [(&str, &str); 9] = [
    (r"\.\.\.", " ... "),
    (r"([:,])(\D|$)", " $1 $2"),
    (r"([;@#$%&?!\[\](){}<>]|--)", " $1 "),
    (r#"([^.])(\.)([\])}>'\s]*)$"#, "$1 $2$3 "),
    (r"\s+", " "),
    (r"([^'])' ", "$1 ' "),
    (r"'([sSmMdD]) ", " '$1 "),
    (r"('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", " $1 "),
    (r"(?i)\b(can)(not)\b|\b(gim|lem)(me)\b|\b(gon)(na)\b|\b(got)(ta)\b|\b(wan)(na) ", " $1$3$5$7$9 $2$4$6$8$10 "),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> =
    LazyLock::new(|| RULES.iter().filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, *with))).collect());

/// The words and marks of a text.
pub(super) fn treebank(text: &str) -> Vec<String> {
    let mut text = format!(" {} ", text.replace('"', " '' ").trim());
    for (rule, with) in COMPILED.iter() {
        text = rule.replace_all(&text, *with).into_owned();
    }
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_compiles() {
        assert_eq!(COMPILED.len(), RULES.len());
    }

    #[test]
    fn words_and_marks() {
        for (text, words) in [
            ("The cat sat.", "The|cat|sat|."),
            ("It's 3,000.5 km, isn't it?", "It|'s|3,000.5|km|,|is|n't|it|?"),
            ("Cannot stop... (now)", "Can|not|stop|...|(|now|)"),
            ("a: b; we'll go", "a|:|b|;|we|'ll|go"),
            ("", ""),
        ] {
            assert_eq!(treebank(text).join("|"), words);
        }
    }
}
