//! What the gate decides.

use eval_core::{DatasetRef, Money, Total};
use eval_drift::{
    CheckOutcome, Decision, Gate, GateReport, Inconclusive, Markdown, Policy, RunScores, annotations, junit, text,
};

use crate::model::{Model, all_failed, right, run_of};

const UNDERPOWERED: Decision = Decision::Inconclusive(Inconclusive::Underpowered);
const NOT_COMPUTABLE: Decision = Decision::Inconclusive(Inconclusive::NotComputable);

/// Nothing can be decided, whatever the policy, and every output says so.
fn cannot_decide(report: &GateReport, why: &str) {
    assert_eq!((report.decision, report.exit_code()), (NOT_COMPUTABLE, 3), "{report:?}");
    assert!(report.headline.contains("cannot decide") && report.headline.contains(why), "{}", report.headline);
    assert!(text(report).ends_with("Exit 3.\n") && text(report).contains(why), "{}", text(report));
    assert!(annotations(report).starts_with("::error "));
    assert!(junit([report]).contains("<error "));
    assert!(Markdown::new().render(report).contains("Exit 3."));
}

#[test]
fn f50_a_run_that_only_failed_is_never_a_pass() {
    let baseline = [right(40, 50, 1)];
    for policy in [Policy::Warn, Policy::Fail, Policy::Rerun] {
        for count in [false, true] {
            let gate = Gate::new().on_inconclusive(policy).errors_as_failures(count).min_accuracy(80.0);
            cannot_decide(&gate.decide(&all_failed(50), &baseline), "not one of 50 answers has a score");
            cannot_decide(&gate.margin(None).decide(&all_failed(50), &[]), "50 failed");
        }
    }
}

#[test]
fn f50_without_questions_or_with_one_there_is_nothing_to_decide_by() {
    for gate in [Gate::new(), Gate::new().margin(None).min_accuracy(50.0), Gate::new().margin(None)] {
        cannot_decide(&gate.decide(&right(0, 0, 1), &[right(40, 50, 1)]), "no question was asked");
        cannot_decide(&gate.decide(&right(1, 1, 1), &[right(1, 1, 1)]), "one question says nothing");
    }
}

#[test]
fn f50_scores_that_are_all_the_same_decide_nothing() {
    for score in [0.0, 0.5, 1.0] {
        for questions in [10, 50, 2_000] {
            let same = run_of((0..questions).map(|_| vec![score; 3]));
            cannot_decide(&Gate::new().decide(&same, std::slice::from_ref(&same)), "every score is the same");
        }
    }
    let report = Gate::new().decide(&right(0, 50, 1), &[right(50, 50, 1)]);
    assert_eq!(report.exit_code(), 1, "but a level that fell has fallen");
    cannot_decide(&Gate::new().decide(&right(50, 50, 1), &[right(0, 50, 1)]), "every score is the same");
}

#[test]
fn f50_a_score_that_is_no_number_is_named() {
    for bad in [f64::NAN, f64::INFINITY, -0.1, 1.5] {
        let mut broken = right(40, 50, 1);
        broken.questions[7].scores = vec![bad];
        cannot_decide(&Gate::new().decide(&broken, &[right(40, 50, 1)]), "for question q0007");
        cannot_decide(&Gate::new().decide(&right(40, 50, 1), &[broken]), "for question q0007");
    }
}

#[test]
fn f51_without_a_baseline_nothing_is_compared() {
    let run = right(40, 50, 1);
    cannot_decide(&Gate::new().decide(&run, &[]), "there is no baseline");
    let gate = Gate::new().margin(None).min_accuracy(50.0).max_error_share(None);
    assert_eq!(gate.decide(&run, &[]).decision, Decision::Pass, "a limit of its own needs none");
}

#[test]
fn f51_another_data_set_is_refused_and_an_edited_one_is_said() {
    let (run, mut other) = (right(40, 50, 1), right(45, 50, 1));
    other.dataset = DatasetRef::new("other", "0000", 50);
    cannot_decide(&Gate::new().decide(&run, &[other.clone()]), "another data set");
    other.dataset = DatasetRef::new("golden", "0000", 50);
    let report = Gate::new().decide(&run, &[other.clone()]);
    assert!(report.obstacles.is_empty() && report.warnings[0].contains("was edited"), "{report:?}");
    other.questions.iter_mut().take(30).for_each(|question| {
        question.key = eval_core::SampleKey::new(question.key.id.clone(), "edited").into();
    });
    cannot_decide(&Gate::new().decide(&run, &[other]), "only 20 of");
}

#[test]
fn f51_another_judge_or_one_that_moved_is_refused() {
    let (run, other) = (right(40, 50, 1), right(45, 50, 1));
    cannot_decide(&Gate::new().decide(&run, &[other.clone().judge("llm:x", "bb11")]), "another judge");
    let mut moved = run;
    moved.judge_moved = Some("anchors fell by 5.0 points".to_owned());
    cannot_decide(&Gate::new().decide(&moved, &[other]), "the judge moved: anchors fell by 5.0 points");
}

#[test]
fn less_than_half_of_the_questions_is_not_computable_even_when_errors_break_their_limit() {
    let mut run = right(40, 50, 1);
    run.questions.iter_mut().take(30).for_each(|question| (question.scores, question.failed) = (vec![], 1));
    let report = Gate::new().decide(&run, &[right(40, 50, 1)]);
    cannot_decide(&report, "only 20 of 50 questions");
    assert_eq!(report.checks.iter().find(|check| check.name == "max error share").unwrap().outcome, CheckOutcome::Fail);
    // A quick gate asks a part on purpose: that part is what should be shared.
    let mut part = right(40, 50, 1);
    part.questions.truncate(20);
    part.dataset.selection.limit = Some(20);
    assert_eq!(Gate::new().decide(&part, &[right(40, 50, 1)]).coverage, Some(1.0));
}

#[test]
fn s20_limits_data_set_and_judge_are_in_the_report_and_a_change_of_them_shows() {
    let (run, baseline) = (right(170, 200, 1), [right(170, 200, 1)]);
    let gate = Gate::new().min_accuracy(80.0);
    let outputs = |gate: &Gate, run: &RunScores, baseline: &RunScores| {
        let report = gate.decide(run, std::slice::from_ref(baseline));
        [text(&report), Markdown::new().render(&report), serde_json::to_string(&report).unwrap()]
    };
    let before = outputs(&gate, &run, &baseline[0]);
    assert!(before[0].contains(
        "decided by: data set golden (9f2c), judge exact (aa00), max drop 3.0, min accuracy 80%, max error share 5%, \
         alpha 0.05, run noise 0.5, inconclusive: warn, failures are left out"
    ));
    let changed = [
        gate.clone().margin(4.0),
        gate.clone().min_accuracy(70.0),
        gate.clone().max_error_share(50.0),
        gate.clone().max_error_share(None),
        gate.clone().on_inconclusive(Policy::Fail),
        gate.clone().errors_as_failures(true),
    ];
    for gate in changed {
        let after = outputs(&gate, &run, &baseline[0]);
        assert!(before.iter().zip(&after).all(|(before, after)| before != after), "{gate:?}");
    }
    let judge = |run: &RunScores| run.clone().judge("exact", "bb11");
    let after = outputs(&gate, &judge(&run), &judge(&baseline[0]));
    assert!(before.iter().zip(&after).all(|(before, after)| before != after));
}

#[test]
fn the_same_answers_pass_where_there_are_enough_of_them() {
    for (questions, decision) in [(10, UNDERPOWERED), (30, UNDERPOWERED), (200, Decision::Pass)] {
        let run = right(questions * 4 / 5, questions, 1);
        let report = Gate::new().max_error_share(None).decide(&run, std::slice::from_ref(&run));
        assert_eq!(report.decision, decision, "{questions}: {report:?}");
    }
}

#[test]
fn too_few_questions_say_how_many_there_should_be() {
    let mut model = Model::new(50, 4);
    let (baseline, run) = (run_of(model.baseline(7)), run_of(model.run(1, 0.0)));
    let report = Gate::new().decide(&run, &[baseline]);
    assert_eq!(report.decision, UNDERPOWERED, "{}", text(&report));
    let needs = report.checks[0].needs.unwrap();
    assert!(
        (200..1_500).contains(&needs.questions.unwrap()) && needs.epochs.is_none_or(|epochs| epochs > 1),
        "{needs:?}"
    );
    assert!((6.0..14.0).contains(&report.minimum_detectable_effect.unwrap()));
    assert!(report.headline.contains("needs about"), "{}", report.headline);
    assert!(text(&report).contains("UNDECIDED: 1 of 2 checks underpowered; let through by the policy warn"));
}

#[test]
fn the_policy_makes_an_underpowered_run_green_or_not() {
    let run = right(8, 10, 1);
    for (policy, exit) in [(Policy::Warn, 0), (Policy::Fail, 3), (Policy::Rerun, 3)] {
        let report = Gate::new().on_inconclusive(policy).decide(&run, std::slice::from_ref(&run));
        assert_eq!((report.decision, report.exit_code()), (UNDERPOWERED, exit));
        assert_eq!(report.wants_rerun(), policy == Policy::Rerun);
    }
    let gate = Gate::new().on_inconclusive(Policy::Rerun);
    let look = |look| gate.look(look, &run, std::slice::from_ref(&run));
    assert!(look(2).wants_rerun() && !look(3).wants_rerun());
    let level = look(1).checks[0].level.unwrap();
    assert!((level - (1.0 - 0.1 / 3.0)).abs() < 1e-12, "a third of alpha at each look");
}

#[test]
fn a_drop_of_less_than_the_margin_passes_and_says_that_it_dropped() {
    let mut model = Model::new(2_000, 5);
    let (baseline, same) = (run_of(model.baseline(7)), model.run(3, 0.0));
    let lower = run_of(same.into_iter().enumerate().map(|(at, mut scores)| {
        if at % 60 == 0 {
            scores.iter_mut().for_each(|score| *score = 0.0);
        }
        scores
    }));
    let report = Gate::new().decide(&lower, &[baseline]);
    assert_eq!(report.decision, Decision::Pass);
    assert!(report.checks[0].words.contains("it dropped, but by less than 3.0"), "{}", report.checks[0].words);
}

#[test]
fn categories_of_the_gate_fail_by_holm() {
    let mut model = Model::new(350, 11);
    let (baseline, same) = (run_of(model.baseline(7)), model.run(3, 0.0));
    let broken = run_of(
        same.into_iter()
            .enumerate()
            .map(|(at, scores)| if at % 7 == 2 { scores.iter().map(|score| score * 0.6).collect() } else { scores }),
    );
    let gate = (0..7).fold(Gate::new().margin(None), |gate, at| gate.category(format!("c{at}"), 10.0));
    let report = gate.decide(&broken, std::slice::from_ref(&baseline));
    let failed: Vec<&str> = report
        .checks
        .iter()
        .filter(|check| check.outcome == CheckOutcome::Fail)
        .map(|check| check.name.as_str())
        .collect();
    assert_eq!((report.decision, failed), (Decision::Fail, vec!["max drop in c2"]));
    let worst = report.categories.iter().min_by(|a, b| a.p_holm.unwrap().total_cmp(&b.p_holm.unwrap())).unwrap();
    assert!(worst.name == "c2" && worst.p_holm.unwrap() < 0.001);
    let unknown = Gate::new().category("no such", 5.0).decide(&broken, &[baseline]);
    assert!(unknown.checks[1].outcome == CheckOutcome::NotComputable, "{:?}", unknown.checks);
}

#[test]
fn limits_fail_only_when_the_whole_interval_is_beyond_and_pass_only_when_none_of_it_is() {
    let outcome =
        |gate: Gate, run: &RunScores| gate.margin(None).max_error_share(None).decide(run, &[]).checks[0].outcome;
    let run = right(160, 200, 1);
    for (least, expected) in [
        (70.0, CheckOutcome::Pass),
        (78.0, CheckOutcome::Underpowered),
        (82.0, CheckOutcome::Underpowered),
        (90.0, CheckOutcome::Fail),
    ] {
        assert_eq!(outcome(Gate::new().min_accuracy(least), &run), expected, "{least}");
    }
    let mut slow = run.clone();
    slow.latencies_ms = (0..200).map(|at| f64::from(at) * 10.0).collect();
    for (most, expected) in
        [(2_500.0, CheckOutcome::Pass), (1_900.0, CheckOutcome::Underpowered), (1_500.0, CheckOutcome::Fail)]
    {
        assert_eq!(outcome(Gate::new().max_p95_ms(most), &slow), expected, "{most}");
    }
    slow.latencies_ms.truncate(30);
    let report = Gate::new().margin(None).max_p95_ms(500.0).decide(&slow, &[]);
    assert_eq!(report.checks[0].needs.unwrap().answers, Some(59), "{:?}", report.checks[0]);
    assert_eq!(outcome(Gate::new().max_p95_ms(2_500.0), &run), CheckOutcome::NotComputable, "nobody measured");
}

#[test]
fn a_cost_that_is_not_known_is_not_nothing() {
    let usd = |usd: f64| Money::from_usd(usd).unwrap();
    let outcome = |known: Option<Money>, unknown: u64| {
        let mut run = right(160, 200, 1);
        run.cost = Total::new(known, unknown);
        let report = Gate::new().margin(None).max_cost(usd(5.0)).decide(&run, &[]);
        (report.checks[0].outcome, report.exit_code())
    };
    assert_eq!(outcome(Some(usd(5.0)), 0), (CheckOutcome::Pass, 0));
    assert_eq!(outcome(Some(usd(5.01)), 0), (CheckOutcome::Fail, 1));
    assert_eq!(outcome(Some(usd(5.01)), 3), (CheckOutcome::Fail, 1), "the known part alone is too much");
    assert_eq!(outcome(Some(usd(4.0)), 1), (CheckOutcome::NotComputable, 3));
    assert_eq!(outcome(None, 200), (CheckOutcome::NotComputable, 3));
    assert_eq!(outcome(None, 0), (CheckOutcome::NotComputable, 3));
}

#[test]
fn errors_have_a_limit_and_may_count_as_wrong() {
    let with_errors = |failed: usize| {
        let mut run = right(160, 200, 1);
        run.questions.iter_mut().take(failed).for_each(|question| (question.scores, question.failed) = (vec![], 1));
        run
    };
    let outcome = |failed| Gate::new().margin(None).decide(&with_errors(failed), &[]).checks[0].outcome;
    assert_eq!(
        [0, 2, 10, 30].map(outcome),
        [CheckOutcome::Pass, CheckOutcome::Pass, CheckOutcome::Underpowered, CheckOutcome::Fail]
    );
    assert_eq!(Gate::new().margin(None).decide(&right(8, 10, 1), &[]).decision, Decision::Pass, "none of 10 failed");
    let gate = Gate::new().max_error_share(None);
    let (lenient, strict) = (gate.clone(), gate.errors_as_failures(true));
    let baseline = [right(160, 200, 1)];
    assert_eq!(lenient.decide(&with_errors(30), &baseline).decision, Decision::Pass);
    let report = strict.decide(&with_errors(30), &baseline);
    assert_eq!(report.decision, Decision::Fail);
    assert!(report.warnings.iter().any(|warning| warning == "30 of 200 answers failed and count as wrong"));
}

#[test]
fn a_limit_that_makes_no_sense_is_refused_with_a_hint() {
    assert_eq!(Gate::new().problem(), None);
    assert!(Gate::new().min_accuracy(0.8).problem().unwrap().ends_with("80?"));
    for gate in [
        Gate::new().margin(0.0),
        Gate::new().margin(f64::NAN),
        Gate::new().category("math", -1.0),
        Gate::new().min_accuracy(101.0),
        Gate::new().max_error_share(f64::NAN),
        Gate::new().max_p95_ms(f64::INFINITY),
    ] {
        let problem = gate.problem().unwrap();
        cannot_decide(&gate.decide(&right(40, 50, 1), &[right(40, 50, 1)]), &problem);
    }
}

#[test]
fn questions_that_changed_are_counted_and_listed_worst_first() {
    let before = run_of([vec![1.0; 3], vec![1.0; 3], vec![0.0; 3], vec![1.0, 1.0, 0.0], vec![0.5; 3]]);
    let now = run_of([vec![0.0; 3], vec![0.0, 0.0, 1.0], vec![1.0; 3], vec![1.0, 0.0, 1.0], vec![0.5; 3]]);
    let report = Gate::new().decide(&now, &[before]);
    assert_eq!(report.changes.to_string(), "2 regressed (1 in every epoch), 1 improved, 2 unchanged");
    let ids: Vec<&str> = report.questions.iter().map(|question| question.id.as_str()).collect();
    assert_eq!(ids, ["q0000", "q0001", "q0002"]);
    assert_eq!(format!("{} -> {}", report.questions[1].before, report.questions[1].now), "3/3 -> 1/3");
}

#[test]
fn what_differs_is_named() {
    let (mut run, mut baseline) = (right(40, 50, 1), right(40, 50, 1));
    for (side, print) in [(&mut run, "fp_9e07"), (&mut baseline, "fp_44a1")] {
        side.settings.insert("provider fingerprint".to_owned(), print.to_owned());
        side.settings.insert("prompt".to_owned(), "same".to_owned());
    }
    let report = Gate::new().decide(&run, &[baseline]);
    assert_eq!(report.differs.len(), 1);
    assert!(text(&report).contains("differs: provider fingerprint fp_44a1 -> fp_9e07"));
}

#[test]
fn a_report_is_data_and_comes_back() {
    let report = Gate::new().category("c1", 5.0).decide(&right(30, 50, 1), &[right(40, 50, 1)]);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<GateReport>(&json).unwrap(), report);
}
