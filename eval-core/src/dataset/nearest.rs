//! "Did you mean …?"

/// The candidate that a person probably meant: the closest one, at most a third of its letters away.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word);
    let close = candidates.into_iter().filter_map(|candidate| {
        let distance = strsim::osa_distance(&word, &plain(candidate));
        (distance * 3 <= candidate.chars().count()).then_some((distance, candidate))
    });
    close.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace([' ', '-', '.'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_find_their_word_and_strangers_find_none() {
        let words = ["question", "expected_output", "id"];
        assert_eq!(nearest("Expected Output", words), Some("expected_output"));
        assert_eq!(nearest("qestion", words), Some("question"));
        assert_eq!(nearest("context", words), None);
        assert_eq!(nearest("i", words), None);
        assert_eq!(nearest("", words), None);
    }
}
