//! An event for each verdict.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use eval_core::{BoxError, Evaluation, Event, EventKind, Reporter, RunId, Verdict, async_trait};
use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry_sdk::logs::SdkLogger;

use super::exporter::{Exporter, SCOPE};

/// The name of the event.
const NAME: &str = "gen_ai.evaluation.result";

/// Tells what each judge said of an answer, as an event of the span in which the answer was given.
pub(super) struct Evaluations {
    to: Option<(Arc<Exporter>, SdkLogger)>,
    thresholds: HashMap<RunId, f64>,
}

impl Evaluations {
    pub(super) fn new(exporter: Option<Arc<Exporter>>) -> Self {
        let to = exporter.map(|exporter| (exporter.clone(), exporter.logs.logger(SCOPE)));
        Self { to, thresholds: HashMap::new() }
    }

    fn told(&self, run: RunId, evaluation: &Evaluation) {
        let Some((exporter, logger)) = &self.to else { return };
        let answer = exporter.take(&(run, evaluation.sample.id.clone(), evaluation.epoch));
        for verdict in &evaluation.verdicts {
            let mut record = logger.create_log_record();
            if let Some(answer) = &answer {
                record.set_trace_context(answer.trace_id(), answer.span_id(), Some(answer.trace_flags()));
            }
            describe(&mut record, verdict, self.thresholds.get(&run));
            if let Some(explanation) = verdict.explanation.clone().filter(|_| exporter.content) {
                record.add_attribute("gen_ai.evaluation.explanation", explanation);
            }
            record.add_attribute("eval.run.id", run.to_string());
            record.add_attribute("eval.sample.id", evaluation.sample.id.as_str().to_owned());
            record.add_attribute("eval.epoch", i64::from(evaluation.epoch));
            logger.emit(record);
        }
    }
}

fn describe(
    record: &mut <SdkLogger as opentelemetry::logs::Logger>::LogRecord,
    verdict: &Verdict,
    threshold: Option<&f64>,
) {
    record.set_event_name(NAME);
    record.set_timestamp(SystemTime::now());
    record.set_severity_number(Severity::Info);
    record.add_attribute("gen_ai.evaluation.name", verdict.judge.clone());
    match verdict.score {
        Some(score) => {
            record.add_attribute("gen_ai.evaluation.score.value", score.get());
            if let Some(threshold) = threshold {
                let label = if score.get() >= *threshold { "pass" } else { "fail" };
                record.add_attribute("gen_ai.evaluation.score.label", label);
            }
        }
        None => record.add_attribute("error.type", "unscored"),
    }
}

#[async_trait]
impl Reporter for Evaluations {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        match &event.kind {
            EventKind::RunStarted { run } => drop(self.thresholds.insert(run.id, run.threshold)),
            EventKind::SampleFinished { evaluation } => self.told(event.run, evaluation),
            EventKind::RunFinished { run } => {
                if let Some((exporter, _)) = &self.to {
                    exporter.forget(run.id);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
