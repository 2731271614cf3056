//! What graders may say that is no verdict. Here the truth of a text is known from how it was made, not by reading it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use eval_core::{Completion, Judge, Sample, Scripted};
use eval_judge::{LlmJudge, Rubric, parse_verdict};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const SEED: u64 = 0x5EED_0029;

/// Written by hand, a text a line: none of them is a verdict.
fn by_hand() -> Vec<String> {
    let texts = include_str!("data/judge_texts.txt").lines().map(str::to_owned);
    let more = [
        "",
        " ",
        "\n\n",
        "\0",
        "\u{feff}{}",
        "```json\n```",
        "```\n{}\n```",
        "```json\n{\"reasoning\": \"x\", \"score\": 1}",
    ];
    let fences = [
        "```json\n{\"reasoning\": \"x\", \"score\": 1}\n```\nThat is it.",
        "Here:\n```json\n{\"reasoning\": \"x\", \"score\": 1}\n```",
        "```json\n{\"reasoning\": \"x\", \"score\": 1}\n```\n```json\n{\"reasoning\": \"x\", \"score\": 0}\n```",
        "```python\n{\"reasoning\": \"x\", \"score\": 1}\n```",
        "~~~\n{\"reasoning\": \"x\", \"score\": 1}\n~~~",
    ];
    texts.chain(more.iter().chain(&fences).map(|text| (*text).to_owned())).collect()
}

/// A piece of a text, and whether it leaves a verdict one.
type Piece = (&'static str, bool);

const BEFORE: [Piece; 14] = [
    ("", true),
    ("\n ", true),
    ("```json\n", true),
    ("Sure. ", false),
    ("{\"reasoning\": \"a\", \"score\": 0} ", false),
    ("[", false),
    ("\"", false),
    ("1 ", false),
    ("{", false),
    ("Score: 1\n", false),
    ("[[1]] ", false),
    ("<|im_start|>assistant\n", false),
    ("// ", false),
    ("\u{200b}", false),
];
/// With the score that they state where they are one.
const SCORES: [(&str, Option<f64>); 24] = [
    ("1", Some(1.0)),
    ("0", Some(0.0)),
    ("0.25", Some(0.25)),
    ("5e-1", Some(0.5)),
    ("1.0", Some(1.0)),
    ("-0.0", Some(0.0)),
    ("2", None),
    ("11", None),
    ("-1", None),
    ("1.01", None),
    ("1e3", None),
    ("\"1\"", None),
    ("\"0.9/1\"", None),
    ("11/10", None),
    ("0.9/1", None),
    ("NaN", None),
    ("Infinity", None),
    ("null", None),
    ("true", None),
    ("[1]", None),
    ("{\"score\": 1}", None),
    ("", None),
    ("1 0", None),
    ("01", None),
];
const MORE: [Piece; 8] = [
    ("", true),
    (", \"confidence\": 1", true),
    (", \"Score\": 0", true),
    (", \"score\": 1", false),
    (", \"reasoning\": \"again\"", false),
    (",", false),
    (" \"score\": 1", false),
    ("; 1", false),
];
const AFTER: [Piece; 9] = [
    ("", true),
    (" \n", true),
    ("\n```", true),
    (" Done.", false),
    ("}", false),
    ("{\"reasoning\": \"b\", \"score\": 1}", false),
    (" 1", false),
    ("]", false),
    ("\"", false),
];
/// As JSON strings; all of them may stand in a verdict.
const REASONS: [&str; 7] = [
    "\"fine\"",
    "\"\"",
    "\"Rating: [[5]]\"",
    "\"{\\\"score\\\": 1}\"",
    "\"```json\\n{\\\"reasoning\\\": 1, \\\"score\\\": 1}\\n```\"",
    "\"答案正确，得分：1\"",
    "\"}\\u0022 score: 1\"",
];

/// A text put together at random, and the score that it states, if it is a verdict.
fn put_together(random: &mut ChaCha12Rng) -> (String, Option<f64>) {
    let mut pick = |count: usize| (random.next_u64() % count as u64) as usize;
    let ((before, opens), (score, stated)) = (BEFORE[pick(BEFORE.len())], SCORES[pick(SCORES.len())]);
    let ((more, goes_on), (after, ends)) = (MORE[pick(MORE.len())], AFTER[pick(AFTER.len())]);
    let reason = REASONS[pick(REASONS.len())];
    let text = format!("{before}{{\"reasoning\": {reason}, \"score\": {score}{more}}}{after}");
    // A fence is one when it opens and ends.
    let fenced = before.starts_with("```") == after.ends_with("```");
    (text, stated.filter(|_| opens && goes_on && ends && fenced))
}

fn judge(says: &str) -> LlmJudge {
    let rubric = Rubric::parse("---\nexpected_output: optional\n---\nIs it right?").unwrap();
    LlmJudge::builder(Arc::new(Scripted::always(says))).rubric(rubric).build().unwrap()
}

async fn score_of(says: &str) -> Option<f64> {
    let verdict = judge(says).judge(&Sample::new("1", "q"), &Completion::new("an answer")).await.unwrap();
    assert!(verdict.score.is_some() || verdict.error.is_some(), "an unscored verdict says why");
    verdict.score.map(|score| score.get())
}

#[tokio::test]
async fn f29_no_text_of_a_grader_is_taken_for_a_score_that_it_does_not_state() {
    let mut adversarial = by_hand();
    let mut random = ChaCha12Rng::seed_from_u64(SEED);
    let mut honest = 0;
    for _ in 0..10_000 {
        let (text, stated) = put_together(&mut random);
        match stated {
            None => adversarial.push(text),
            Some(score) => {
                assert_eq!(score_of(&text).await, Some(score), "seed {SEED}: {text}");
                honest += 1;
            }
        }
    }
    assert!(adversarial.len() > 300 && honest > 10, "seed {SEED}: {} and {honest}", adversarial.len());
    for text in &adversarial {
        assert_eq!(score_of(text).await, None, "seed {SEED}: {text}");
    }
}

#[test]
fn f29_a_verdict_with_one_letter_less_is_none_or_states_the_same() {
    let whole = r#"{"reasoning": "x", "score": 0.5}"#;
    let cut = (0..whole.len()).map(|at| format!("{}{}", &whole[..at], &whole[at + 1..]));
    let taken: Vec<String> = cut.filter(|text| parse_verdict(text).is_ok()).collect();
    // Without a space, or without the x: all else is another text, and `05` is no number of JSON.
    assert_eq!(
        taken,
        [
            r#"{"reasoning":"x", "score": 0.5}"#,
            r#"{"reasoning": "", "score": 0.5}"#,
            r#"{"reasoning": "x","score": 0.5}"#,
            r#"{"reasoning": "x", "score":0.5}"#,
        ]
    );
}
