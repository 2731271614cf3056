//! What pages say, word for word.

use eval_core::{
    CategoryFinding, Cause, Condition, ConditionChange, DatasetRef, DriftReport, Effect, Evidence, Measure, Method,
    Onset, Point, RunId, SampleKey, Settle, Status,
};
use eval_drift::{
    Candidate, Constraints, PairedRanking, QuestionScores, Recommendation, RunScores, Weights, compare, recommend,
};
use eval_server::dashboard::words::{
    Compared, ModelFinding, Strength, category_note, compare_headline, doubt, evidence, recommendation, run_headline,
    verdict,
};

use crate::fixtures::hour;

fn report(status: Status) -> DriftReport {
    DriftReport::new(Method::new("quality-monitor", 1), Measure::Quality, status)
}

fn moved(status: Status, change: f64, low: f64, high: f64) -> DriftReport {
    let mut report = report(status);
    report.effect = Effect::points(change, Some((low, high)));
    report.n = 500;
    report
}

/// gamma-pro as the overview's example has it.
fn gamma() -> DriftReport {
    let mut report = moved(Status::Worse, -4.4, -6.1, -2.7);
    let point = |day: i64| Point::new(RunId::new(), hour(24 * day));
    report.since = Some(Onset::new(point(69), 14).between(point(67), point(71)));
    report.evidence = Evidence::accumulated(24_000.0, 100.0, 1_000.0);
    let mut reasoning = CategoryFinding::new("Reasoning", 80);
    reasoning.effect = Effect::points(-18.8, Some((-28.6, -8.9)));
    reasoning.p_holm = Some(0.001);
    report.categories = vec![reasoning, CategoryFinding::new("Code", 60)];
    let (before, after) = (vec!["fp_44a1".to_owned()], vec!["fp_9e07".to_owned()]);
    let mut change = ConditionChange::new(Condition::Fingerprint, before, after, RunId::new(), hour(24 * 69));
    change.coincides = true;
    report.changes = vec![change];
    report
}

#[test]
fn the_answer_names_the_model_the_size_the_day_and_the_place() {
    let (gamma, steady, better, watch) =
        (gamma(), report(Status::Steady), moved(Status::Better, 2.2, 0.6, 3.8), moved(Status::Watch, -1.4, -3.2, 0.4));
    let findings = [
        ModelFinding::new("alpha-large", &steady),
        ModelFinding::new("alpha-mini", &watch),
        ModelFinding::new("beta-4", &steady),
        ModelFinding::new("beta-4-mini", &better),
        ModelFinding::new("delta-70b", &steady),
        ModelFinding::new("gamma-pro", &gamma),
    ];
    assert_eq!(verdict(&findings), "gamma-pro lost 4.4 points around 9 November, most of it in Reasoning.");
    assert_eq!(
        doubt(&findings),
        "The loss of gamma-pro is very unlikely to be noise: 95% interval −6.1 to −2.7, held for 14 runs. One other model \
         improved, one is too close to call, three are steady. The provider fingerprint changed on 9 Nov (fp_44a1 → \
         fp_9e07). The judge, the data set and the prompts did not change in this window, so the measurement itself is not \
         the likely cause."
    );
    let found = evidence(&gamma);
    assert_eq!((found.strength, found.odds.as_deref()), (Strength::VeryStrong, Some("once in 24,000 runs by chance")));
    assert_eq!(evidence(&steady).strength.name(), "None");
}

#[test]
fn a_category_that_is_not_certain_is_not_named() {
    let mut gamma = gamma();
    gamma.categories[0].p_holm = Some(0.2);
    let since = gamma.since.unwrap();
    gamma.since = Some(Onset::new(since.since, 14));
    assert_eq!(verdict(&[ModelFinding::new("gamma-pro", &gamma)]), "gamma-pro lost 4.4 points on 9 November.");
}

#[test]
fn the_judge_is_named_when_it_is_the_judge() {
    let mut gamma = gamma();
    gamma.cause = Some(Cause::Judge);
    let findings = [ModelFinding::new("gamma-pro", &gamma)];
    assert_eq!(verdict(&findings), "The judge changed: whether gamma-pro changed too is not identified.");
    assert!(
        doubt(&findings).ends_with("The judge grades frozen answers otherwise than before, which explains the change.")
    );
}

#[test]
fn every_other_state_has_its_sentence() {
    let say = |reports: &[DriftReport]| {
        let names = ["a", "b", "c", "d", "e"];
        let findings: Vec<_> =
            names.iter().zip(reports).map(|(name, report)| ModelFinding::new(name, report)).collect();
        verdict(&findings)
    };
    let (worse, more) = (moved(Status::Worse, -2.0, -3.0, -1.0), moved(Status::Worse, -5.0, -6.0, -4.0));
    let (better, watch) = (moved(Status::Better, 2.2, 0.6, 3.8), moved(Status::Watch, -1.4, -3.2, 0.4));
    let steady = report(Status::Steady);
    assert_eq!(say(&[]), "No model has been compared yet.");
    assert_eq!(say(&[worse.clone(), more]), "Two models got worse: b (−5.0 points) and a (−2.0 points).");
    assert_eq!(say(&[watch.clone(), steady.clone()]), "a may have dropped (−1.4 points): too close to call.");
    assert_eq!(say(&[watch.clone(), watch.clone()]), "a and b may have dropped: too close to call.");
    assert_eq!(say(&[steady.clone(), better]), "No model got worse; b gained 2.2 points.");
    assert_eq!(say(&[report(Status::Warming)]), "Too early to tell: no model has enough runs yet.");
    assert_eq!(say(&[report(Status::NotComparable)]), "a cannot be compared with what it was before.");
    assert_eq!(say(&vec![steady; 5]), "No model moved: a, b and three more are steady.");
    let shock = moved(Status::Shock, -6.0, -9.0, -3.0);
    assert_eq!(say(&[shock]), "a lost 6.0 points in its last run; whether that lasts the next runs will tell.");
    let mut settling = watch;
    settling.settle = Some(Settle::new(Some(5), None));
    let said = doubt(&[ModelFinding::new("alpha-mini", &settling)]);
    assert!(said.starts_with(
        "The change of alpha-mini is too close to call: 95% interval −3.2 to +0.4. About 5 runs more will settle it."
    ), "{said}");
    for text in [say(&[worse]), said] {
        assert!(!text.contains("significan") && !text.contains("p <") && !text.contains("anomaly"), "{text}");
    }
}

fn run(wrong: &[usize]) -> RunScores {
    let question = |at: usize| {
        let category = if at < 100 { "Reasoning" } else { "Code" };
        let score = f64::from(!wrong.contains(&at));
        QuestionScores::new(SampleKey::new(format!("q{at:03}").as_str(), "f00d"), category, vec![score])
    };
    RunScores::new("gamma-pro", DatasetRef::new("support-qa", "9f2c", 300)).questions((0..300).map(question).collect())
}

#[test]
fn a_run_says_what_became_of_it() {
    let said = |before: &RunScores, now: &RunScores| {
        let found = compare(&[before.clone(), now.clone()]).unwrap().remove(0);
        (run_headline("7f3a", &found), category_note(&found.categories))
    };
    let (before, bad): (Vec<usize>, Vec<usize>) = (vec![200, 201, 202], (0..30).collect());
    let (headline, note) = said(&run(&before), &run(&bad));
    assert_eq!(headline, "Run 7f3a is 9.0 points below its baseline: 30 questions regressed, 3 improved.");
    assert!(note.starts_with("Certain only in Reasoning: −30.0 (−40."), "{note}");
    let (headline, note) = said(&run(&before), &run(&[200, 201, 204]));
    assert!(headline.starts_with("Run 7f3a is too close to call against its baseline: 0.0 points ("), "{headline}");
    assert_eq!(note, "No category changed for certain: each is too close to call.");
    let other = RunScores::new("gamma-pro", DatasetRef::new("other", "03d9", 300));
    assert!(said(&other, &run(&before)).0.starts_with("Run 7f3a cannot be compared with "));
}

fn models() -> (Vec<Compared>, Vec<Candidate>) {
    let all = [
        ("alpha-large", 459, 9.8, 4_800.0),
        ("beta-4", 453, 6.1, 3_100.0),
        ("gamma-pro", 431, 4.4, 3_600.0),
        ("beta-4-mini", 424, 0.74, 1_400.0),
        ("delta-70b", 421, 1.9, 2_200.0),
        ("alpha-mini", 395, 0.38, 1_100.0),
    ];
    let compared = all.map(|(name, _, cost, p95)| Compared { name: name.into(), cost: Some(cost), p95_ms: Some(p95) });
    let candidate = |(_, right, cost, p95): (&str, usize, f64, f64)| Candidate {
        scores: (0..500).map(|at| Some(f64::from(at < right))).collect(),
        cost: Some(cost),
        p95_ms: Some(p95),
    };
    (compared.to_vec(), all.map(candidate).to_vec())
}

fn recommended(candidates: &[Candidate], limits: Constraints) -> (PairedRanking, Recommendation) {
    let scores: Vec<_> = candidates.iter().map(|model| &model.scores).collect();
    let ranking = PairedRanking::of(&scores, 0.05).expect("as the fixture has it");
    let found =
        recommend(candidates, &ranking, &limits, &Weights::default(), 10_000, 1).expect("as the fixture has it");
    (ranking, found)
}

#[test]
fn a_recommendation_says_why_and_what_more_would_cost() {
    let (compared, candidates) = models();
    let limits = Constraints { max_cost: Some(5.0), min_accuracy: Some(0.8), max_p95_ms: Some(3_000.0) };
    let (ranking, found) = recommended(&candidates, limits);
    assert_eq!(
        compare_headline(&compared, &ranking, Some(&found)),
        "alpha-large and beta-4 are tied for best; beta-4-mini is the best value for your limits."
    );
    let said = recommendation(&compared, &found);
    assert_eq!(said[0], "Use beta-4-mini");
    assert!(
        said[1].starts_with("It stays first in ") && said[1].ends_with("% of 10,000 resamples of the questions."),
        "{said:?}"
    );
    assert!(
        said[2].starts_with("To gain 5.8 points (")
            && said[2].ends_with("), use beta-4: raise cost to $6.10 and p95 to 3.1 s."),
        "{said:?}"
    );
    assert_eq!(said[3], "Ruled out: alpha-large and beta-4 (cost, p95), gamma-pro (p95), alpha-mini (accuracy).");
}

#[test]
fn no_clear_pick_and_nothing_that_fits_are_said() {
    let (compared, mut candidates) = models();
    candidates.truncate(2);
    candidates[1] = candidates[0].clone();
    candidates[1].scores.rotate_right(50);
    let (ranking, found) = recommended(&candidates, Constraints::default());
    assert_eq!(recommendation(&compared, &found)[0], "No clear pick: alpha-large or beta-4");
    assert_eq!(
        compare_headline(&compared[..2], &ranking, Some(&found)),
        "No model stands out: all are tied; for your limits alpha-large or beta-4."
    );
    let (ranking, found) = recommended(&candidates, Constraints { max_cost: Some(0.1), ..Constraints::default() });
    assert_eq!(recommendation(&compared, &found)[0], "No model fits your limits: cost is what binds");
    assert!(compare_headline(&compared[..2], &ranking, Some(&found)).ends_with("; none fits your limits."));
}
