//! Panels, and samples that choose their judge.

use std::sync::Arc;

use eval_core::{
    Completion, Judge, JudgeError, MockJudge, Money, ProviderError, ProviderErrorKind, Sample, Score, Scripted, Usage,
    Verdict, async_trait,
};
use eval_judge::{BySample, Contains, Exact, LlmJudge, Numeric, Panel, PanelError, Rule};

/// Says what it is told to.
#[derive(Clone)]
struct Says(&'static str, Result<f64, fn() -> JudgeError>);

#[async_trait]
impl Judge for Says {
    fn name(&self) -> &str {
        self.0
    }

    async fn judge(&self, _: &Sample, _: &Completion) -> Result<Verdict, JudgeError> {
        let verdict =
            Verdict::scored(self.0, Score::new(self.1.map_err(|error| error())?).expect("a score"), "its reasons");
        let mut verdict = verdict.usage(Usage::new(10, 1)).cost(Some(Money::from_nanos(5)));
        verdict.latency_ms = Some(self.1.unwrap_or(0.0));
        Ok(verdict)
    }
}

fn sample() -> Sample {
    Sample::new("1", "2 + 2?").target("4")
}

fn answer() -> Completion {
    Completion::new("It is 4.")
}

async fn panel(rule: Rule, members: &[Says]) -> Result<Verdict, JudgeError> {
    let builder = members.iter().cloned().fold(Panel::builder().rule(rule), |builder, member| builder.judge(member));
    builder.build().expect("a panel").judge(&sample(), &answer()).await
}

fn garbled() -> JudgeError {
    JudgeError::Garbled("prose".into())
}

#[tokio::test]
async fn one_score_of_several_by_each_rule() {
    let members = [Says("a", Ok(1.0)), Says("b", Ok(0.75)), Says("c", Ok(0.2))];
    for (rule, expected) in [(Rule::Mean, 0.65), (Rule::Median, 0.75), (Rule::Majority, 1.0)] {
        let verdict = panel(rule, &members).await.unwrap();
        assert!((verdict.score.unwrap().get() - expected).abs() < 1e-12, "{rule:?}");
        assert_eq!(verdict.judge, format!("{}(a, b, c)", rule.name()));
        assert_eq!(verdict.explanation.unwrap(), "a: 1: its reasons\nb: 0.75: its reasons\nc: 0.2: its reasons");
        assert_eq!((verdict.usage, verdict.cost), (Usage::new(30, 3), Some(Money::from_nanos(15))));
        assert_eq!(verdict.latency_ms, Some(1.0));
    }
}

#[tokio::test]
async fn more_than_half_must_give_a_score() {
    let (fine, bad) = (Says("fine", Ok(1.0)), Says("bad", Err(garbled)));
    for (members, scored) in [
        (vec![fine.clone(), fine.clone(), bad.clone()], true),
        (vec![fine.clone(), bad.clone()], false),
        (vec![fine, bad.clone(), bad.clone()], false),
        (vec![bad], false),
    ] {
        let verdict = panel(Rule::Mean, &members).await.unwrap();
        assert_eq!(verdict.score.is_some(), scored, "{}", members.len());
        assert_eq!(verdict.error.is_none(), scored);
        assert!(verdict.explanation.unwrap().contains("bad: unscored: the verdict is garbled: prose"));
        // What the garbled verdict cost is not known.
        assert_eq!(verdict.cost, None);
    }
}

#[tokio::test]
async fn even_votes_are_unscored() {
    let verdict = panel(Rule::Majority, &[Says("a", Ok(1.0)), Says("b", Ok(0.0))]).await.unwrap();
    assert_eq!(verdict.score, None);
    assert_eq!(verdict.error.as_deref(), Some("the votes are even (scored: 2 of 2)"));
    assert_eq!(verdict.cost, Some(Money::from_nanos(10)));
}

#[tokio::test]
async fn rules_beside_a_grader_cost_nothing() {
    let panel = Panel::builder().judge(Exact::new()).judge(Says("llm", Ok(1.0))).name("both").build().unwrap();
    let verdict = panel.judge(&sample(), &answer()).await.unwrap();
    assert_eq!((verdict.usage, verdict.cost), (Usage::new(10, 1), Some(Money::from_nanos(5))));
    assert_eq!(verdict.judge, "both");
    let rules = Panel::builder().judge(Exact::new()).judge(Contains::whole()).build().unwrap();
    let verdict = rules.judge(&sample(), &answer()).await.unwrap();
    assert_eq!((verdict.usage, verdict.cost, verdict.latency_ms), (Usage::default(), Some(Money::ZERO), None));
}

#[tokio::test]
async fn an_error_that_stops_a_run_stops_it_and_keeps_the_costs() {
    let spent = || {
        let mut error = ProviderError::new(ProviderErrorKind::Quota, "spent");
        (error.usage, error.cost) = (Usage::new(1, 0), Some(Money::from_nanos(1)));
        JudgeError::Provider(error)
    };
    match panel(Rule::Mean, &[Says("a", Ok(1.0)), Says("b", Err(spent)), Says("c", Ok(1.0))]).await {
        Err(JudgeError::Provider(error)) => {
            assert!(error.is_fatal());
            assert_eq!((error.cost, error.usage), (Some(Money::from_nanos(11)), Usage::new(21, 2)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_panel_needs_a_member_and_is_what_its_members_are() {
    assert_eq!(Panel::builder().build().err(), Some(PanelError::Empty));
    let of = |builder: eval_judge::PanelBuilder| builder.build().unwrap().fingerprint();
    let prints = [
        of(Panel::builder().judge(Exact::new())),
        of(Panel::builder().judge(Exact::new()).rule(Rule::Median)),
        of(Panel::builder().judge(Exact::new()).judge(Exact::new())),
        of(Panel::builder().judge(Numeric::new())),
        of(Panel::builder().judge(Numeric::new().absolute(1.0))),
    ];
    for (at, print) in prints.iter().enumerate() {
        assert!(!prints[..at].contains(print), "{at}");
    }
    assert_eq!(of(Panel::builder().judge(Exact::new()).name("x")), prints[0]);
}

#[tokio::test]
async fn each_sample_is_judged_by_the_judge_it_names() {
    let grader = Scripted::always(r#"{"reasoning": "r", "score": 0.5}"#);
    let llm = LlmJudge::builder(Arc::new(grader)).build().unwrap();
    let judge = BySample::new(Exact::new()).with("llm", llm);
    for (column, by, score) in [
        (None, "exact", 0.0),
        (Some(""), "exact", 0.0),
        (Some(" "), "exact", 0.0),
        (Some("exact"), "exact", 0.0),
        (Some(" contains "), "contains", 1.0),
        (Some("numeric"), "numeric", 1.0),
        (Some("numeric:0.5"), "numeric", 1.0),
        (Some(r"regex:\b4\b"), "regex", 1.0),
        (Some("llm"), "llm:gpt-4o-mini", 0.5),
    ] {
        let chosen = column.into_iter().fold(sample(), |sample, value| sample.metadata("judge", value));
        let verdict = judge.judge(&chosen, &answer()).await.unwrap();
        assert_eq!((verdict.judge.as_str(), verdict.score.unwrap().get()), (by, score), "{column:?}");
        assert!(judge.check(column.unwrap_or_default()).is_ok());
    }
    assert_eq!(judge.name(), "exact");
}

#[tokio::test]
async fn an_unknown_judge_is_found_before_the_first_call_and_never_scores() {
    let judge = BySample::new(Exact::new()).with("strict", Exact::new());
    for (column, why) in [
        ("strikt", "did you mean `strict`?"),
        ("llm", "no judge is called `llm`"),
        ("numeric:x", "does not suit the judge `numeric`"),
        ("regex:(", "does not suit the judge `regex`"),
    ] {
        let error = judge.check(column).unwrap_err().to_string();
        assert!(error.contains(why), "{column}: {error}");
        let chosen = sample().metadata("judge", column);
        let error = judge.judge(&chosen, &answer()).await.unwrap_err();
        assert!(matches!(error, JudgeError::Other(_)) && !error.is_fatal(), "{column}: {error}");
    }
}

#[tokio::test]
async fn an_error_is_told_under_the_name_of_the_judge_that_made_it() {
    let judge = BySample::new(Exact::new());
    let chosen = Sample::new("1", "?").metadata("judge", "numeric");
    let verdict = judge.judge(&chosen, &answer()).await.unwrap();
    assert_eq!((verdict.judge.as_str(), verdict.score, verdict.cost), ("numeric", None, Some(Money::ZERO)));
    assert_eq!(verdict.error.as_deref(), Some("the sample lacks an expected output, which this judge needs"));
    let chosen = sample().target("(").metadata("judge", "regex");
    let error = judge.judge(&chosen, &answer()).await.unwrap().error.unwrap();
    assert!(error.starts_with("the judge failed: \"(\" is not a usable regular expression: "), "{error}");
}

#[tokio::test]
async fn the_run_judge_is_asked_only_where_no_other_is_named() {
    let mut run = MockJudge::new();
    run.expect_judge().times(1).returning(|_, _| Ok(Verdict::scored("run", Score::ONE, "")));
    run.expect_name().return_const("run".to_owned());
    let judge = BySample::new(run);
    judge.judge(&sample(), &answer()).await.unwrap();
    judge.judge(&sample().metadata("judge", "contains"), &answer()).await.unwrap();
}

#[test]
fn the_judges_at_hand_change_the_fingerprint() {
    let prints = [
        BySample::new(Exact::new()),
        BySample::new(Numeric::new()),
        BySample::new(Exact::new()).with("x", Numeric::new()),
        BySample::new(Exact::new()).with("y", Numeric::new()),
        BySample::new(Exact::new()).with("x", Exact::new()),
    ]
    .map(|judge| judge.fingerprint());
    for (at, print) in prints.iter().enumerate() {
        assert!(!prints[..at].contains(print), "{at}");
    }
}
