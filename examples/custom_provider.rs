//! Shows: a provider of your own, here a program that is asked over a pipe, with retries around it.
//!
//! `cargo run --example custom_provider`

use std::process::Stdio;
use std::time::Duration;

use eval_core::{
    Completion, Dataset, Evaluator, Provider, ProviderError, ProviderErrorKind, ProviderExt, Request, RunError, Sample,
    async_trait,
};
use eval_judge::Numeric;
use eval_providers::{RetryLayer, TimeoutLayer};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Asks a shell: `expr` is the model here. Put your own program, queue or library in its place.
#[derive(Debug)]
struct Calculator;

#[async_trait]
impl Provider for Calculator {
    fn name(&self) -> &str {
        "sh"
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        // The kind says what a caller can do: a program that does not start will not start the next time either.
        let broken = |error: std::io::Error| ProviderError::new(ProviderErrorKind::Config, "sh").with_source(error);
        let mut child = Command::new("sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true) // a timeout drops this future, and the program with it
            .spawn()
            .map_err(broken)?;
        if let Some(mut stdin) = child.stdin.take() {
            let script = format!("echo $(( {} ))\n", request.last());
            stdin.write_all(script.as_bytes()).await.map_err(broken)?;
        }
        let output = child.wait_with_output().await.map_err(broken)?;
        if !output.status.success() {
            return Err(ProviderError::new(ProviderErrorKind::Rejected, "not an expression"));
        }
        Ok(Completion::new(String::from_utf8_lossy(&output.stdout).trim()).origin(request.origin.clone()))
    }
}

#[tokio::main]
async fn main() -> Result<(), RunError> {
    let dataset = Dataset::from_samples(
        "sums",
        vec![
            Sample::new("add", "17 + 25").target("42"),
            Sample::new("multiply", "12 * 12").target("144"),
            Sample::new("divide", "10 / 4").target("2.5"), // a shell divides whole numbers only
            Sample::new("nonsense", "1 +").target("1"),
        ],
    )?;
    let model = Calculator.layer(TimeoutLayer::new(Duration::from_secs(5))).layer(RetryLayer::new(2));
    let run = Evaluator::builder(model, Numeric::new()).build()?.run(&dataset, &mut ()).await?;

    let summary = run.summary.expect("the run has ended");
    println!("scored {}, failed {}", summary.counts.scored, summary.counts.failed);
    println!("right: {:.0} %", summary.score.map_or(0.0, |score| score.mean * 100.0));
    assert_eq!((summary.counts.scored, summary.counts.failed), (3, 1));
    Ok(())
}
