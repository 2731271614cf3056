//! Shows: your own function and your own judge, offline, with eval-core alone.
//!
//! `cargo run --example hello`

use eval_core::{
    Completion, Dataset, Evaluator, Judge, JudgeError, RunError, Sample, Score, Scripted, Verdict, async_trait,
};

/// The function under test: a translator that knows three words.
fn translate(word: &str) -> String {
    match word {
        "cat" => "Katze",
        "dog" => "Hund",
        "house" => "Hauss", // a defect to be found
        _ => "?",
    }
    .to_owned()
}

/// Right when the answer is the expected word.
struct SameWord;

#[async_trait]
impl Judge for SameWord {
    fn name(&self) -> &str {
        "same-word"
    }

    async fn judge(&self, sample: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        let expected = sample.target.as_deref().ok_or(JudgeError::Lacks("an expected output".into()))?;
        let why = format!("expected {expected}, got {}", answer.text);
        Ok(Verdict::scored(self.name(), Score::from(answer.text == expected), why))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let dataset = Dataset::from_samples(
        "words",
        vec![
            Sample::new("1", "cat").target("Katze"),
            Sample::new("2", "dog").target("Hund"),
            Sample::new("3", "house").target("Haus"),
        ],
    )?;
    let model = Scripted::new("translator", |request| translate(request.last()));
    let mut events = eval_core::Collect::default();
    let run = Evaluator::builder(model, SameWord).build()?.run(&dataset, &mut events).await?;

    for event in &events.events {
        if let eval_core::EventKind::SampleFinished { evaluation } = &event.kind {
            let reason = evaluation.verdicts[0].explanation.as_deref().unwrap_or_default();
            println!("{:>5}  {}", evaluation.sample.input, reason);
        }
    }
    let score = run.score().expect("something was scored");
    let interval = score.interval.expect("three answers carry an interval");
    println!(
        "{:.0} % of {} right; with so few, the truth lies anywhere from {:.0} to {:.0} % (95 %)",
        score.mean * 100.0,
        score.n,
        interval.low * 100.0,
        interval.high * 100.0
    );
    Ok(())
}
