//! Makes the runs of a job with simulated models.

use std::sync::Arc;

use async_trait::async_trait;
use eval_core::server::{Job, JobRequest, Runner, Stopping};
use eval_core::{Dataset, Durable, Evaluator, Reporter, Run, RunError, RunId, Sample};
use eval_judge::Exact;
use eval_providers::Simulated;

/// What the model is called whose answers take a fifth of a second.
pub const SLOW: &str = "slow";
/// Questions of the slow model; 4 are asked at once.
const QUESTIONS: usize = 400;

/// Every model is simulated, whatever its name.
pub struct Simulations(pub Arc<dyn Durable>);

#[async_trait]
impl Runner for Simulations {
    async fn check(&self, request: &JobRequest) -> Result<(), RunError> {
        let empty = request.models.is_empty();
        if empty { Err(RunError::Config("no model is named".into())) } else { Ok(()) }
    }

    async fn run(&self, job: &Job, mut reporter: Box<dyn Reporter>, stop: Stopping) -> Result<Vec<Run>, RunError> {
        let (group, mut runs) = (RunId::new(), Vec::new());
        for model in &job.request.models {
            let slow = model == SLOW;
            let dataset = questions(if slow { QUESTIONS } else { 20 });
            let key = (0..QUESTIONS).map(|at| (format!("q{at:03}").as_str().into(), "sums", at.to_string()));
            let simulated = Simulated::builder(model.clone(), 7).answers(key).accuracy(0.8);
            let simulated = simulated.latency(if slow { 200.0 } else { 1.0 }, 0.2).real_time(slow).build();
            let evaluator = Evaluator::builder(simulated, Exact::new()).durable(self.0.clone()).concurrency(4);
            let evaluator = evaluator.simulated(true).build()?.in_group(group);
            runs.push(evaluator.run_until(&dataset, &mut reporter, stop.clone().asked()).await?);
        }
        Ok(runs)
    }
}

fn questions(n: usize) -> Dataset {
    let sample = |at: usize| {
        Sample::new(format!("q{at:03}").as_str(), format!("What is {at}?")).target(at.to_string()).category("sums")
    };
    let samples = (0..n).map(sample).collect();
    Dataset::from_samples("sums", samples).unwrap_or_else(|_| Dataset::golden())
}
