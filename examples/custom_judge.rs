//! Shows: a judge of your own beside the built-in ones, and what each says of the same answers.
//!
//! `cargo run --example custom_judge`

use eval_core::{
    Collect, Completion, Dataset, Evaluator, EventKind, Judge, JudgeError, RunError, Sample, Score, Scripted, Verdict,
    async_trait,
};
use eval_judge::{Contains, Similarity};

/// Short is good: full marks up to ten words, then fewer.
#[derive(Debug)]
struct Brevity;

#[async_trait]
impl Judge for Brevity {
    fn name(&self) -> &str {
        "brevity"
    }

    async fn judge(&self, _: &Sample, answer: &Completion) -> Result<Verdict, JudgeError> {
        let words = answer.text.split_whitespace().count();
        let score = Score::new((10.0 / words.max(10) as f64).min(1.0)).ok_or(JudgeError::Garbled("no score".into()))?;
        Ok(Verdict::scored(self.name(), score, format!("{words} words")))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), RunError> {
    let dataset = Dataset::from_samples(
        "capitals",
        vec![
            Sample::new("fr", "Capital of France?").target("Paris"),
            Sample::new("au", "Capital of Australia?").target("Canberra"),
        ],
    )?;
    let model = Scripted::new("chatty", |request| match request.last() {
        "Capital of France?" => "Paris".to_owned(),
        _ => "Well, many people think that it is Sydney, but as a matter of fact it is Canberra".to_owned(),
    });
    // The first judge is the run's score; the others are listed beside it.
    let evaluator = Evaluator::builder(model, Contains::whole()).judge(Similarity::new()).judge(Brevity).build()?;
    let mut collect = Collect::default();
    let run = evaluator.run(&dataset, &mut collect).await?;

    for event in collect.events {
        if let EventKind::SampleFinished { evaluation } = event.kind {
            println!("{}: {}", evaluation.sample.id, evaluation.completion.as_ref().map_or("", |c| &c.text));
            for verdict in &evaluation.verdicts {
                let score = verdict.score.map_or("unscored".into(), |score| format!("{:.2}", score.get()));
                println!("  {:<12} {score}  {}", verdict.judge, verdict.explanation.as_deref().unwrap_or_default());
            }
        }
    }
    println!("the run's judge is {}", run.provenance.judge);
    Ok(())
}
