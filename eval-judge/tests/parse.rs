//! Reading verdicts: no text makes it panic, and no text is taken that does not state the score as a whole.

use eval_core::Score;
use eval_judge::{Garbled, parse_verdict};
use proptest::prelude::*;
use serde_json::Value;

/// Read by other means: the whole text as JSON, after an optional fence.
fn stated(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")).map(|inside| {
        let inside = inside.trim_start_matches([' ', '\t', '\r']);
        inside.get(..4).filter(|word| word.eq_ignore_ascii_case("json")).map_or(inside, |_| &inside[4..])
    });
    let value: Value = serde_json::from_str(inside.unwrap_or(text).trim()).ok()?;
    Some((value.as_object()?.get("score")?.as_f64()?, value.get("reasoning")?.as_str()?.to_owned()))
}

fn agrees(text: &str) -> Result<(), TestCaseError> {
    if let Ok((score, reasoning)) = parse_verdict(text) {
        prop_assert_eq!(stated(text), Some((score.get(), reasoning)), "{}", text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text(text in any::<String>()) {
        agrees(&text)?;
    }

    #[test]
    fn text_made_of_the_pieces_of_a_verdict(
        text in "(\\{|\\}|\"score\"|\"reasoning\"|:|,|0\\.5|1|-1|11|\"x\"|null|```json\n|```|\n| |NaN|1e0){0,14}",
    ) {
        agrees(&text)?;
    }

    #[test]
    fn a_verdict_with_one_piece_put_in(at in 0_usize..45, piece in "(\\{|\\}|\"|,|:|0|-|e|\\\\| |score|```)") {
        let whole = r#"{"reasoning": "because of it", "score": 0.25}"#;
        let at = at.min(whole.len());
        agrees(&format!("{}{piece}{}", &whole[..at], &whole[at..]))?;
    }

    #[test]
    fn every_score_of_the_scale_is_read_as_it_is(score in 0.0..=1.0_f64, reasoning in any::<String>(), fenced: bool) {
        let text = serde_json::json!({"reasoning": reasoning, "score": score}).to_string();
        let text = if fenced { format!("```json\n{text}\n```") } else { text };
        prop_assert_eq!(parse_verdict(&text), Ok((Score::new(score).unwrap(), reasoning)));
    }

    #[test]
    fn no_score_outside_the_scale_is_taken(score in prop_oneof![-1e9..-1e-9_f64, 1.000_000_1..1e9_f64]) {
        let text = serde_json::json!({"reasoning": "", "score": score}).to_string();
        prop_assert_eq!(parse_verdict(&text), Err(Garbled::OutOfRange(score)));
    }
}

#[test]
fn the_reason_is_named() {
    let garbled = |text: &str| parse_verdict(text).unwrap_err();
    assert_eq!(garbled(" "), Garbled::Empty);
    assert!(matches!(garbled("Fine."), Garbled::NotOneObject(_)));
    assert!(matches!(garbled("{} {}"), Garbled::NotOneObject(_)));
    assert_eq!(garbled("{}"), Garbled::Missing("reasoning"));
    assert_eq!(garbled(r#"{"reasoning": ""}"#), Garbled::Missing("score"));
    assert_eq!(garbled(r#"{"score": 1, "reasoning": "", "score": 1}"#), Garbled::Twice("score"));
    let wrong = Garbled::WrongType { key: "score", found: "\"0.9/1\"".into() };
    assert_eq!(garbled(r#"{"reasoning": "", "score": "0.9/1"}"#), wrong);
    assert_eq!(garbled(r#"{"reasoning": "", "score": -1}"#), Garbled::OutOfRange(-1.0));
    for text in [" ", "x", "{}", r#"{"reasoning": "", "score": 7}"#] {
        let shown = garbled(text).to_string();
        assert!(!shown.ends_with('.') && !shown.starts_with(char::is_uppercase), "{shown}");
    }
}
