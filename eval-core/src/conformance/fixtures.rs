//! Runs and evaluations to try a store with: plain ones, and ones that use every field.

use std::sync::Arc;

use serde_json::json;

use crate::{
    CategorySummary, Completion, Counts, DatasetRef, Date, Draw, Estimate, Evaluation, FinishReason, Interval,
    IntervalMethod, Latency, Message, Money, Origin, Outcome, Params, PriceSource, Pricing, Provenance,
    ProviderErrorKind, Recall, Run, RunId, RunKind, RunSpec, RunStatus, Sample, SampleId, Score, Selection, Served,
    Stop, Summary, Timestamp, Timing, Total, Usage, Verdict,
};

/// Texts that stores have stumbled over: empty, blank, quotes, wildcards, SQL, control characters, many scripts.
pub const TEXTS: [&str; 9] = [
    "",
    "  ",
    "line\r\nline\ttab\u{b}\u{1b}[31m",
    "it's \"quoted\" with a \\ backslash",
    "'; DROP TABLE runs; --",
    "100% _underscore_ *star* ?",
    "naïve café, 东京, עברית, 👩‍👩‍👧, \u{202e}reversed",
    "{\"json\": [null, 1e3]}",
    "\u{feff}\u{fffd}\u{10ffff}",
];

/// A point in time, so many seconds after the beginning of 2026 and some microseconds.
pub fn time(seconds: i64) -> Timestamp {
    Timestamp::from_microsecond((1_767_225_600 + seconds) * 1_000_000 + 123_457).unwrap_or_default()
}

/// A plain run of a model over the data set `golden` that began so many seconds after the beginning of 2026.
pub fn run(model: &str, seconds: i64) -> Run {
    let mut run = Run::new(model, DatasetRef::new("golden", "f00d", 50), 50);
    run.id = RunId::at(time(seconds));
    run.started = time(seconds);
    run
}

/// A finished run with this mean score and this many failed questions of 100.
pub fn finished(model: &str, seconds: i64, mean: f64, failed: u64) -> Run {
    let summary = Summary {
        counts: Counts::new(100 - failed, 0, failed),
        score: Some(Estimate::new(mean, 100 - failed, Some(0.01), None)),
        ..Summary::default()
    };
    Run {
        status: RunStatus::Finished,
        finished: Some(time(seconds + 60)),
        summary: Some(summary),
        ..run(model, seconds)
    }
}

/// A run that uses every field.
pub fn rich_run() -> Run {
    let selection = Selection {
        categories: vec!["math".into(), TEXTS[6].into()],
        draw: Some(Draw { size: 20, seed: u64::MAX }),
        limit: Some(5),
        exported: None,
    };
    let params = (Params::new().with("temperature", 0.1 + 0.2).with("seed", u64::MAX).with("top_p", 1e-7))
        .with("stop", json!(["\n", TEXTS[3], null, true, {"deep": [1.5]}]));
    Run {
        group: Some(RunId::at(time(0))),
        kind: RunKind::Rescore,
        of: Some(RunId::at(time(1))),
        name: TEXTS[6].into(),
        dataset: DatasetRef::new(TEXTS[3], "f00d", u64::from(u32::MAX)).selection(selection),
        params,
        epochs: 3,
        threshold: 0.1 + 0.2,
        tags: TEXTS.iter().zip(TEXTS.iter().rev()).map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        provenance: provenance(),
        finished: Some(time(7_384)),
        status: RunStatus::Failed,
        stop: Some(Stop::new(Some(ProviderErrorKind::Quota), TEXTS[6])),
        spec: Some(RunSpec { judges: vec![TEXTS[3].into()], timeout_s: Some(0.1 + 0.2), ..RunSpec::new(TEXTS[6]) }),
        summary: Some(rich_summary()),
        ..run("gpt-4o", 10)
    }
}

fn provenance() -> Provenance {
    Provenance {
        git_commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
        git_dirty: Some(true),
        prompt: "p".into(),
        judge: "llm:gpt-4o-mini".into(),
        judge_hash: "j".into(),
        provider: "litellm".into(),
        harness: "0.1.0".into(),
        simulated: true,
    }
}

fn rich_summary() -> Summary {
    let wilson = Interval::new(1.0 / 3.0, 0.9, IntervalMethod::Wilson);
    let student = Interval::new(0.0, 1.0, IntervalMethod::StudentT);
    let half = Estimate::new(0.1 + 0.2, 40, Some(f64::MIN_POSITIVE), Some(student));
    let categories = [
        ("math", CategorySummary::new(Counts::new(30, 1, 0), Some(half))),
        (TEXTS[6], CategorySummary::new(Counts::new(10, 0, 2), Some(Estimate::new(1.0, 1, None, None)))),
        ("", CategorySummary::new(Counts::new(0, 7, 0), None)),
    ];
    Summary {
        counts: Counts::new(40, 8, 2),
        score: Some(half),
        pass_rate: Some(Estimate::new(2.0 / 3.0, 40, None, Some(wilson))),
        latency: Some(Latency::new(48, 512.345_678_9, 1.0 / 3.0, 9_999.5)),
        prompt_tokens: Total::new(Some(u64::from(u32::MAX)), 1),
        completion_tokens: Total::new(None, 50),
        cost: Total::new(Some(Money::from_nanos(i64::MAX)), 2),
        judge_cost: Total::new(Some(Money::from_nanos(i64::MIN)), 0),
        categories: categories.into_iter().map(|(name, found)| (name.to_owned(), found)).collect(),
    }
}

/// A plain evaluation of a question, answered and scored.
pub fn scored(run: RunId, sample: &str, epoch: u32, score: f64) -> Evaluation {
    let sample = Arc::new(Sample::new(sample, format!("What is {sample}?")).target(sample).category("math"));
    let answer = Completion::new("an answer").origin(Some(Origin::answer(run, sample.id.clone(), epoch)));
    let score = Score::new(score).unwrap_or(Score::ZERO);
    Evaluation::new(sample, epoch, Outcome::Scored { score }, time(0))
        .completion(answer)
        .verdicts(vec![Verdict::scored("exact", score, "compared")])
}

/// A question that the model did not answer.
pub fn failed(sample: &str, epoch: u32, message: &str) -> Evaluation {
    let outcome = Outcome::Failed { kind: ProviderErrorKind::Timeout, message: message.into() };
    let sample = Sample::new(sample, format!("What is {sample}?")).target(sample).category("math");
    Evaluation::new(Arc::new(sample), epoch, outcome, time(0))
}

/// An answer that the judge could not grade.
pub fn unscored(run: RunId, sample: &str, epoch: u32, reason: &str) -> Evaluation {
    let mut evaluation = scored(run, sample, epoch, 0.0);
    evaluation.outcome = Outcome::Unscored { kind: None, reason: reason.into() };
    evaluation.verdicts = vec![Verdict::unscored("exact", reason)];
    evaluation
}

/// Evaluations that use every field and every outcome, with all of [`TEXTS`] in every place for a text, each with a
/// sample id of its own.
pub fn rich(run: RunId) -> Vec<Evaluation> {
    let mut all: Vec<_> = TEXTS.iter().enumerate().map(|(at, text)| with_text(run, at, text)).collect();
    all.push(huge(run));
    all.push(bare(run));
    all.extend(ProviderErrorKind::ALL.map(|kind| {
        let mut evaluation = failed(kind.name(), 1, TEXTS[3]);
        evaluation.outcome = Outcome::Failed { kind, message: TEXTS[3].into() };
        evaluation.timing = Timing { queued_ms: 0.1 + 0.2, backing_off_ms: 1e9, service_ms: Some(1.0 / 3.0) };
        evaluation.cost = Some(Money::from_nanos(i64::MIN));
        evaluation
    }));
    all
}

fn with_text(run: RunId, at: usize, text: &str) -> Evaluation {
    let sample = Sample::new(format!("{text}-{at}").as_str(), text).target(text).category(text);
    let sample = sample
        .turns(vec![Message::system(text), Message::user(text), Message::assistant(text)])
        .metadata("context", text)
        .metadata(text, "");
    let (id, epoch) = (sample.id.clone(), u32::try_from(at).unwrap_or(0) + 1);
    let mut evaluation =
        Evaluation::new(Arc::new(sample), epoch, Outcome::Unscored { kind: None, reason: text.into() }, time(-1));
    evaluation.completion = Some(completion(text).origin(Some(Origin::answer(run, id, epoch))));
    evaluation.cost = Some(Money::from_nanos(i64::MAX));
    evaluation.timing = completion(text).timing;
    evaluation.verdicts = verdicts(text);
    evaluation
}

fn completion(text: &str) -> Completion {
    let all = Some(text.to_owned());
    Completion {
        text: text.into(),
        finish: if text.is_empty() { FinishReason::Length } else { FinishReason::from(text) },
        usage: usage(),
        served: Served {
            model: all.clone(),
            raw_model: all.clone(),
            family: all.clone(),
            model_id: all.clone(),
            fingerprint: all.clone(),
            fallbacks: Some(u32::MAX),
            retries: Some(0),
            cache_hit: Some(false),
            recalled: Some(Recall::Cassette),
            call_id: all.clone(),
            request_id: all.clone(),
            proxy: all,
        },
        cost: Some(Money::from_nanos(i64::MAX)),
        pricing: Some(Pricing::new(PriceSource::Table, Some(Date::constant(2026, 2, 28)))),
        would_have_cost: Some(Money::from_nanos(1)),
        // Of no use once the call is priced, and not stored.
        tier: None,
        timing: Timing { queued_ms: 0.1 + 0.2, backing_off_ms: 1e9, service_ms: Some(1.0 / 3.0) },
        origin: None,
        rates: None,
    }
}

fn usage() -> Usage {
    let (most, some) = (Some(i64::MAX.unsigned_abs()), Some(7));
    let (cached_tokens, cache_write_tokens) = (some, Some(3));
    Usage { prompt_tokens: most, completion_tokens: Some(0), cached_tokens, cache_write_tokens, reasoning_tokens: None }
}

/// Several judges: scored, unscored, with and without figures, one of them twice.
fn verdicts(text: &str) -> Vec<Verdict> {
    let mut costly = Verdict::scored(text, Score::new(1.0 / 3.0).unwrap_or(Score::ONE), text).usage(usage());
    costly.cost = Some(Money::from_nanos(i64::MIN));
    costly.pricing = Some(Pricing::REPORTED);
    costly.latency_ms = Some(0.1 + 0.2);
    let silent = Verdict { explanation: None, ..Verdict::scored("exact", Score::ZERO, "") };
    let talkative = Verdict { explanation: Some(text.into()), ..Verdict::unscored("exact", text) };
    vec![costly, silent, Verdict::unscored("llm:x", text), talkative]
}

/// A megabyte in every long text.
fn huge(run: RunId) -> Evaluation {
    let text = "0123456789abcdeé".repeat(1 << 16);
    let sample = Sample::new("huge", &*text).target(&*text).metadata("context", &*text);
    let score = Outcome::Scored { score: Score::ONE };
    let answer = Completion::new(&*text).origin(Some(Origin::answer(run, SampleId::from("huge"), 1)));
    Evaluation::new(Arc::new(sample), 1, score, time(0)).completion(answer).verdicts(vec![Verdict::scored(
        "long",
        Score::ONE,
        text,
    )])
}

/// Nothing that can be left out, and an answer whose own books differ from the evaluation's.
fn bare(run: RunId) -> Evaluation {
    let sample = Arc::new(Sample::new("bare", "?"));
    let mut evaluation =
        Evaluation::new(sample, u32::MAX, Outcome::Unscored { kind: None, reason: String::new() }, time(0));
    let mut answer = Completion::new("").finish(FinishReason::Unknown).cost(Some(Money::ZERO));
    answer.origin = Some(Origin::answer(run, SampleId::from("another"), 1).judge());
    evaluation.completion = Some(answer);
    evaluation
}
