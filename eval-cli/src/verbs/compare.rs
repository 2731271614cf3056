//! `evalctl compare`

mod answers;
mod diff;
mod forest;
mod markdown;

use eval_core::Change;
use eval_drift::neutral::{cut, line};
use eval_drift::stored;
use eval_drift::{QuestionChange, RatioChange, RunComparison, RunScores, SameAnswers, ScoresError, SettingChange};
use serde_json::json;

use crate::args::{CompareArgs, Format, Global, Only};
use crate::compose;
use crate::config::{Settings, Typed};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, did_you_mean};
use crate::output::{BOLD, Console, DIM, ERROR, GOOD, shorten};
use crate::refs;
use answers::Answers;
use diff::Piece;

/// The longest text of a data set that is shown.
const LONGEST: usize = 100;

/// Columns of words that both answers have.
const SAME: usize = 60;

/// Puts each run beside the first one.
pub(crate) async fn compare(console: &Console, global: &Global, args: CompareArgs) -> Outcome {
    let settings = Settings::load(global, Typed::default())?;
    let store = compose::existing_store(&settings).await?;
    let (mut named, mut runs, mut again) = (Vec::new(), Vec::new(), SameAnswers::default());
    for reference in &args.runs {
        let run = refs::resolve(&store, reference).await?;
        runs.push(again.beside_first(&run, stored::scores(&store, &run).await?));
        named.push(run);
    }
    if let Some(category) = &args.category {
        narrow(&mut runs, category)?;
    }
    let mut found = eval_drift::compare(&runs)?;
    again.tell(&mut found);
    found.iter_mut().for_each(|pair| pair.questions.retain(|question| is_wanted(question, args.only)));
    let answers = match args.diff {
        true => Some(answers::of(&store, &named, &found, args.limit).await?),
        false => None,
    };
    if console.is_machine() {
        let category = &args.category;
        let mut document = json!({"schema": "evalctl.compare/1", "category": category, "comparisons": found});
        if let Some(answers) = answers {
            document["answers"] = json!(answers);
        }
        console.json(&document)?;
        return Ok(Exit::Done);
    }
    let none = Vec::new();
    let answers = answers.as_ref().unwrap_or(&none);
    let of = |at: usize| answers.get(at).map_or(&[][..], Vec::as_slice);
    let pairs = found.iter().enumerate();
    console.print(match console.format {
        Format::Md => pairs.map(|(at, pair)| markdown::of(pair, of(at), args.limit)).collect::<String>(),
        _ => pairs.map(|(at, pair)| shown(console, pair, of(at), &args)).collect::<Vec<_>>().join("\n\n"),
    })?;
    Ok(Exit::Done)
}

impl From<ScoresError> for Failure {
    fn from(error: ScoresError) -> Self {
        Self::usage(line(&error.to_string()))
    }
}

/// Leaves only the questions of a category.
fn narrow(runs: &mut [RunScores], category: &str) -> Result<(), Failure> {
    let all = runs.iter().flat_map(|run| &run.questions).map(|question| question.category.clone());
    let all: std::collections::BTreeSet<_> = all.collect();
    if !all.iter().any(|name| &**name == category) {
        let failure = Failure::usage(format!("no question of these runs has the category `{}`", line(category)));
        return Err(match did_you_mean(category, all.iter().map(|name| &**name)) {
            Some(meant) => failure.hint(format!("did you mean `{}`?", line(meant))),
            None => failure,
        });
    }
    for run in runs {
        run.questions.retain(|question| &*question.category == category);
        // What was left out here is not missing. A whole run misses what the other one asked, a part of one does not.
        let epochs =
            run.questions.iter().map(|found| found.scores.len() as u64 + u64::from(found.unscored + found.failed));
        run.planned = run.questions.len() as u64 * epochs.max().unwrap_or(1);
    }
    Ok(())
}

fn is_wanted(question: &QuestionChange, only: Only) -> bool {
    match only {
        Only::Changed => true,
        Only::Regressed => question.change == Change::Regressed,
        Only::Improved => question.change == Change::Improved,
    }
}

fn shown(console: &Console, pair: &RunComparison, answers: &[Answers], args: &CompareArgs) -> String {
    let title = line(&format!("{} against {}", cut(&pair.now, LONGEST), cut(&pair.before, LONGEST)));
    let mut lines = vec![format!("{BOLD}{title}{BOLD:#}, {} shared questions", pair.shared)];
    lines.extend(pair.obstacles.iter().map(|why| format!("  not comparable: {}", line(&cut(why, 4 * LONGEST)))));
    lines.push(format!("  accuracy  {}", effect(pair)));
    lines.push(format!("  questions {}", pair.changes));
    lines.extend(ratios(pair).map(|(name, text)| format!("  {name:<9} {text}")));
    lines.extend(pair.differs.iter().take(20).map(|found| format!("  differs   {}", line(&differs(found)))));
    lines.extend(pair.warnings.iter().take(20).map(|why| format!("  note      {}", line(&cut(why, 4 * LONGEST)))));
    if !pair.categories.is_empty() {
        lines.push(format!("\n{}", forest::of(&pair.categories, console.unicode)));
    }
    for question in pair.questions.iter().take(args.limit) {
        lines.push(format!("\n{}", of_question(question)));
        let answers = answers.iter().find(|answers| answers.id == question.id);
        lines.extend(answers.map(|answers| format!("    {}", words_of(answers))));
    }
    if pair.questions.len() > args.limit {
        lines.push(format!("\n{} more: -n {}", pair.questions.len() - args.limit, pair.questions.len()));
    }
    lines.join("\n")
}

/// The effect in words, with what it is worth.
fn effect(pair: &RunComparison) -> String {
    let Some(effect) = &pair.effect else { return "no effect can be given".to_owned() };
    let certain = if pair.p_holm.is_some_and(|p| p < 0.05) { "certain" } else { "too close to call" };
    format!("{:+.1} points, 95% interval {:+.1} to {:+.1}: {certain}", effect.points, effect.low, effect.high)
}

/// Latency, cost and length, where they are known.
fn ratios(pair: &RunComparison) -> impl Iterator<Item = (&'static str, String)> {
    let text = |change: RatioChange, unit: fn(f64) -> String| {
        let interval = change.interval.map(|(low, high)| format!(", 95% interval {low:.2} to {high:.2}"));
        let (before, now) = (unit(change.median_before), unit(change.median_now));
        format!("times {:.2}{}; median {before} before, {now} now", change.ratio, interval.unwrap_or_default())
    };
    let time = |ms: f64| crate::output::latency(Some(ms));
    let all = [
        ("latency", pair.latency.map(|change| text(change, time))),
        ("cost", pair.cost.map(|change| text(change, |usd| format!("${usd:.6}")))),
        ("length", pair.length.map(|change| text(change, |characters| format!("{characters:.0} characters")))),
    ];
    all.into_iter().filter_map(|(name, text)| Some((name, text?)))
}

fn differs(found: &SettingChange) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "none".to_owned(), |text| cut(text, LONGEST));
    format!("{}: {} before, {} now", cut(&found.setting, LONGEST), value(&found.before), value(&found.now))
}

fn word(question: &QuestionChange) -> &'static str {
    match (question.change, question.in_every_epoch) {
        (Change::Regressed, true) => "regressed in every epoch",
        (Change::Regressed, false) => "regressed",
        (_, true) => "improved in every epoch",
        (_, false) => "improved",
    }
}

fn of_question(question: &QuestionChange) -> String {
    let [id, category] = [&question.id, &question.category].map(|text| line(&cut(text, LONGEST)));
    let asked = question.text.as_deref().map(|text| format!("\n    {}", line(&cut(text, LONGEST))));
    let (before, now) = (question.before, question.now);
    format!("  {BOLD}{id}{BOLD:#} [{category}] {DIM}{}{DIM:#}, {before} before, {now} now", word(question))
        + &asked.unwrap_or_default()
}

/// The words of both answers: `[-gone-] {+new+}` as wdiff has it, in colours where there are any.
fn words_of(answers: &Answers) -> String {
    let text = |words: &str| line(&cut(words, LONGEST));
    let piece = |piece: &Piece| match piece {
        Piece::Same(words) => shorten(&line(words), SAME),
        Piece::Gone(words) => format!("{ERROR}[-{}-]{ERROR:#}", text(words)),
        Piece::New(words) => format!("{GOOD}{{+{}+}}{GOOD:#}", text(words)),
    };
    let pieces: Vec<String> = answers.diff.iter().map(piece).collect();
    if pieces.is_empty() { "both answers are empty".to_owned() } else { pieces.join(" ") }
}
