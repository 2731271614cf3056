//! The rules, each with its table: expected output, answer, score.

use eval_core::{Completion, Judge, JudgeError, Money, Sample, Score, Usage, Verdict};
use eval_judge::{BUILT_IN, Contains, Exact, Json, Normalizer, Numeric, Pattern, Similarity, built_in};

async fn judged(judge: &dyn Judge, target: &str, answer: &str) -> Result<Verdict, JudgeError> {
    judge.judge(&Sample::new("1", "any question").target(target), &Completion::new(answer)).await
}

async fn check(judge: &dyn Judge, table: &[(&str, &str, bool)]) {
    for (target, answer, right) in table {
        let verdict = judged(judge, target, answer).await.expect("a verdict");
        let why = verdict.explanation.clone().expect("an explanation");
        assert_eq!(verdict.score, Some(Score::from(*right)), "{}: {target:?} {answer:?}: {why}", judge.name());
        assert_eq!((verdict.cost, verdict.usage), (Some(Money::ZERO), Usage::default()));
        assert_eq!(verdict.judge, judge.name());
        assert!((1..=300).contains(&why.chars().count()), "{why}");
    }
}

#[tokio::test]
async fn exact() {
    check(
        &Exact::new(),
        &[
            ("Paris", "paris.", true),
            ("Paris", " **“Paris”**\n", true),
            ("don't", "Don’t", true),
            ("Paris", "It is Paris", false),
            ("Paris", "", false),
            ("yes", "no", false),
            ("a b", "a\n\tb", true),
            ("1.0", "1", false),
            (&"x".repeat(5_000), &"y".repeat(5_000), false),
        ],
    )
    .await;
    check(&Exact::new().normalizer(Normalizer::verbatim()), &[("Paris", "paris", false), ("Paris", "Paris", true)])
        .await;
    check(&Exact::new().expecting("no"), &[("yes", "No.", true), ("yes", "yes", false)]).await;
}

#[tokio::test]
async fn contains() {
    check(
        &Contains::whole(),
        &[
            ("Paris", "It's PARIS, of course", true),
            ("New York", "in New\nYork", true),
            ("Paris", "London", false),
            ("a|b", "a or b", false),
            ("a|b", "a|b", true),
            ("4", "14", true),
            (".", "no full stop", false),
        ],
    )
    .await;
    check(
        &Contains::all(),
        &[
            ("red | blue", "Blue, then red", true),
            ("red | blue", "red", false),
            ("red\nblue\n\n", "blue red", true),
            (r"a\|b | c", "a|b and c", true),
            (r"a\|b | c", "a b c", false),
        ],
    )
    .await;
    check(&Contains::any(), &[("red | blue", "deep blue", true), ("red | blue", "green", false)]).await;
    check(
        &Contains::whole().whole_words(),
        &[("4", "14 or 42", false), ("4", "14 or 4.", true), ("cat", "concatenate", false), ("cat", "a cat", true)],
    )
    .await;
    check(
        &Contains::any().expecting("x | y").normalizer(Normalizer::new().keep_case()),
        &[("z", "y", true), ("z", "Y", false)],
    )
    .await;
}

#[tokio::test]
async fn contains_says_what_is_missing() {
    let verdict = judged(&Contains::all(), "red | blue | green", "only red").await.unwrap();
    assert_eq!(verdict.explanation.unwrap(), r#"lacks "blue", "green""#);
    let verdict = judged(&Contains::any(), "red | blue", "red").await.unwrap();
    assert_eq!(verdict.explanation.unwrap(), r#"contains "red""#);
}

#[tokio::test]
async fn regex() {
    check(
        &Pattern::from_target(),
        &[
            (r"^\d{4}-\d\d$", "2024-02", true),
            (r"^\d{4}-\d\d$", "on 2024-02", false),
            ("paris", "Paris", false),
            ("(?i)paris", "Paris", true),
            ("(?m)^b$", "a\nb", true),
            ("^$", "", true),
        ],
    )
    .await;
    check(&Pattern::new("^[A-D]$").unwrap(), &[("ignored", "B", true), ("ignored", "E", false)]).await;
}

#[tokio::test]
async fn numeric() {
    check(
        &Numeric::new(),
        &[
            ("42", "The answer is 42.", true),
            ("42", "41 < x, so 42", true),
            ("42", "42 or rather 43", false),
            ("1,234.5", "1234.5", true),
            ("1234.5", "1.234,5", true),
            ("-7", "−7 °C", true),
            ("7", "-7", false),
            ("0.75", "3/4", true),
            ("3/4", r"\boxed{\frac{3}{4}}", true),
            ("1/3", "0.333333333333", true),
            ("1/3", "0.33", false),
            ("15%", "15", true),
            ("15%", "0.15", true),
            ("0.15", "15 percent", true),
            ("15%", "16%", false),
            ("1e-3", "0.001", true),
            ("1.5 × 10^6", "1.5 million", true),
            ("$5", "It costs $5.00.", true),
            ("12 km", "none", false),
            ("12", "", false),
            ("0", "0.0", true),
            ("0", "0.0001", false),
        ],
    )
    .await;
    check(&Numeric::new().absolute(0.5), &[("10", "10.5", true), ("10", "10.6", false), ("0", "-0.5", true)]).await;
    check(&Numeric::new().relative(0.01), &[("200", "202", true), ("200", "203", false), ("-200", "-198", true)]).await;
    check(&Numeric::new().absolute(f64::NAN), &[("1", "1", true), ("1", "2", false)]).await;
}

#[tokio::test]
async fn numeric_wants_one_number_in_the_target() {
    for target in ["", "none", "between 1 and 2", "2^2"] {
        let error = judged(&Numeric::new(), target, "1").await.unwrap_err();
        assert!(matches!(error, JudgeError::Lacks(_)), "{target}: {error}");
    }
}

#[tokio::test]
async fn json() {
    check(
        &Json::new(),
        &[
            ("", r#" {"a": [1, null]} "#, true),
            ("", "```json\n[1]\n```", true),
            ("", "```\n[1]\n```", true),
            ("", "3.5", true),
            ("", "hello", false),
            ("", r#"{"a": 1,}"#, false),
            ("", r#"{"a": 1} and more"#, false),
            ("", r#"Here it is: {"a": 1}"#, false),
            ("", r#"{"a": 1"#, false),
            ("", "NaN", false),
            ("", "", false),
            ("", &"[".repeat(100_000), false),
        ],
    )
    .await;
    check(&Json::new().bare(), &[("", "[1]", true), ("", "```json\n[1]\n```", false)]).await;
}

#[tokio::test]
async fn similarity() {
    for (target, answer, expected) in [
        ("kitten", "sitting", 1.0 - 3.0 / 7.0),
        ("Paris", "paris.", 1.0),
        ("abc", "xyz", 0.0),
        ("abc", "", 0.0),
        ("äöü", "äöu", 2.0 / 3.0),
    ] {
        let score = judged(&Similarity::new(), target, answer).await.unwrap().score.unwrap();
        assert!((score.get() - expected).abs() < 1e-12, "{target} {answer}: {score}");
    }
    let least = Similarity::new().at_least(Score::new(0.5).unwrap());
    check(&least, &[("kitten", "sitting", true), ("kitten", "dog", false)]).await;
    let long = "ab ".repeat(4_000);
    let error = judged(&Similarity::new(), &long, &long).await.unwrap_err();
    assert!(matches!(error, JudgeError::Other(_)), "{error}");
}

#[tokio::test]
async fn without_an_expected_output_nothing_is_scored() {
    for judge in ["exact", "contains", "contains-any", "contains-all", "regex", "numeric", "similarity"] {
        let built = built_in(judge).unwrap_or_else(|error| panic!("{error}"));
        for sample in [Sample::new("1", "?"), Sample::new("1", "?").target(" \n")] {
            let error = built.judge(&sample, &Completion::new("x")).await.unwrap_err();
            assert!(matches!(error, JudgeError::Lacks(_)), "{judge}: {error}");
        }
    }
    for list in ["|", " | \n"] {
        assert!(matches!(judged(&Contains::any(), list, "x").await, Err(JudgeError::Lacks(_))), "{list:?}");
    }
    assert!(matches!(judged(&Contains::whole(), "\u{200b}", "x").await, Err(JudgeError::Lacks(_))));
}

#[test]
fn every_setting_changes_the_fingerprint() {
    let half = Score::new(0.5).unwrap();
    let judges: Vec<Box<dyn Judge>> = vec![
        Box::new(Exact::new()),
        Box::new(Exact::new().normalizer(Normalizer::verbatim())),
        Box::new(Exact::new().expecting("x")),
        Box::new(Contains::whole()),
        Box::new(Contains::any()),
        Box::new(Contains::all()),
        Box::new(Contains::all().whole_words()),
        Box::new(Contains::all().expecting("x")),
        Box::new(Contains::all().normalizer(Normalizer::new().keep_case())),
        Box::new(Pattern::from_target()),
        Box::new(Pattern::new("x").unwrap()),
        Box::new(Pattern::new("y").unwrap()),
        Box::new(Numeric::new()),
        Box::new(Numeric::new().absolute(0.1)),
        Box::new(Numeric::new().relative(0.1)),
        Box::new(Json::new()),
        Box::new(Json::new().bare()),
        Box::new(Similarity::new()),
        Box::new(Similarity::new().at_least(half)),
    ];
    let prints: Vec<String> = judges.iter().map(|judge| judge.fingerprint()).collect();
    for (at, print) in prints.iter().enumerate() {
        assert!(!prints[..at].contains(print), "{at}");
    }
    assert_eq!(Exact::new().fingerprint(), Exact::default().fingerprint());
}

#[test]
fn built_in_judges_have_the_names_they_are_asked_by() {
    for name in BUILT_IN {
        assert_eq!(built_in(name).map(|judge| judge.name().to_owned()).ok().as_deref(), Some(*name));
    }
    for spec in
        ["exact:x", "contains:x", "contains-any:a|b", "contains-all:a|b", "regex:^a:b$", "numeric:0", "similarity:1"]
    {
        let name = spec.split(':').next().unwrap();
        assert_eq!(built_in(spec).map(|judge| judge.name().to_owned()).ok().as_deref(), Some(name), "{spec}");
    }
}

#[test]
fn bad_specifications_are_refused() {
    for spec in ["gpt-4o-mini", "llm", "llm:gpt-4o", "Exact", "", ":x", "ollama/llama3:8b"] {
        assert!(built_in(spec).is_err_and(|error| error.is_unknown()), "{spec}");
    }
    for spec in ["regex:(", "numeric:x", "numeric:-1", "numeric:inf", "similarity:2", "json:x", "exact:", "contains: "]
    {
        assert!(built_in(spec).is_err_and(|error| !error.is_unknown()), "{spec}");
    }
    let error = built_in("exakt").err().unwrap().to_string();
    assert!(error.contains("did you mean `exact`?") && error.contains("similarity"), "{error}");
}

#[tokio::test]
async fn arguments_are_used() {
    for (spec, target, answer, right) in [
        ("exact:no", "yes", "No", true),
        ("contains:x|y", "", "x|y", true),
        ("contains-any:x|y", "", "y", true),
        ("contains-all:x|y", "", "y", false),
        ("regex:^a:b$", "", "a:b", true),
        ("numeric:0.5", "10", "10.5", true),
        ("numeric: 1 %", "200", "202", true),
        ("numeric:1%", "200", "203", false),
        ("similarity:0.9", "kitten", "kitten!", false),
        ("similarity:0.8", "kitten", "kitten!", true),
    ] {
        let judge = built_in(spec).unwrap_or_else(|error| panic!("{error}"));
        check(&judge, &[(target, answer, right)]).await;
    }
}
