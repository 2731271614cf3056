//! One case: a run that is killed, looked at and resumed until it is done, and then held against the ledger.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::books::{Books, Place, attempts, place};
use crate::checks;
use crate::ledger::Ledger;
use crate::process::{Ended, Evalctl, Kill, is_killed};
use crate::questions;

/// What all cases share.
#[derive(Debug)]
pub struct Bench {
    pub binary: PathBuf,
    pub endpoint: String,
    pub ledger: Arc<Ledger>,
    /// The uninterrupted run, without ids and times.
    pub uninterrupted: Value,
}

/// What came out of a case.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How often a process was really killed.
    pub crashes: u64,
    /// Evaluations reported as finished before the last kill.
    pub reported: u64,
    /// Requests that the provider received.
    pub calls: u64,
    /// What did not hold.
    pub violations: Vec<String>,
    /// What the processes said, for the evidence.
    pub said: String,
}

impl Bench {
    /// `evalctl` in this folder, with the data set.
    pub fn evalctl(&self, folder: PathBuf, database: &str) -> Result<Evalctl> {
        questions::write_csv(&folder.join("questions.csv"))?;
        Ok(Evalctl {
            binary: self.binary.clone(),
            folder,
            database: database.to_owned(),
            endpoint: self.endpoint.clone(),
        })
    }

    /// Runs with one kill after the other, then to the end, and checks. The trouble comes with the first process.
    pub async fn case(
        &self,
        evalctl: &Evalctl,
        kills: &[Kill],
        trouble: impl Future<Output = Result<()>>,
    ) -> Result<Outcome> {
        let begun = self.ledger.len();
        let (mut outcome, mut reported) = (Outcome::default(), BTreeMap::new());
        // The second end is for a process that was refused because the database was away.
        let mut plan = [kills, &[Kill::Never; 2]].concat().into_iter();
        let (mut runs, mut trouble) = (Vec::new(), Some(trouble));
        while !is_done(&runs)
            && let Some(kill) = plan.next()
        {
            let arguments = if runs.is_empty() { Evalctl::run_arguments() } else { Evalctl::resume_arguments() };
            let calls = self.ledger.len();
            let ended = match trouble.take() {
                Some(trouble) => tokio::try_join!(evalctl.run(&arguments, kill), trouble)?.0,
                None => evalctl.run(&arguments, kill).await?,
            };
            collect(&ended, &mut reported)?;
            outcome.tell(&arguments[0], kill, &ended);
            runs = Books::runs(evalctl).await.context("after the kill")?;
            if is_killed(ended.status) {
                outcome.crashes += 1;
                outcome.reported = reported.len() as u64;
                outcome.violations.extend(evalctl.integrity()?);
                if let Some(id) = id(&runs) {
                    outcome.violations.extend(checks::after_kill(&Books::of(evalctl, id).await?, &reported));
                }
            } else if ended.status.code() == Some(2) && self.ledger.len() == calls && plan.len() > 0 {
                // Refused before the first call, because the database was away: nothing happened.
            } else if !ended.status.success() {
                outcome.violations.push(format!(
                    "{} ended with {}: {}",
                    arguments[0],
                    ended.status,
                    ended.stderr.trim()
                ));
                break;
            }
        }
        let entries = self.ledger.since(begun);
        outcome.calls = entries.len() as u64;
        let [run] = &runs[..] else {
            outcome.violations.push(format!("I1: {} runs instead of one", runs.len()));
            return Ok(outcome);
        };
        let id = run["id"].as_str().context("a run without an id")?;
        let (books, attempts) = (Books::of(evalctl, id).await?, attempts(evalctl, id.parse()?).await?);
        outcome.violations.extend(checks::at_end(&books, &entries, outcome.crashes, &self.uninterrupted));
        outcome.violations.extend(checks::attempts(&books, &attempts, &entries, outcome.crashes));
        Ok(outcome)
    }
}

impl Outcome {
    fn tell(&mut self, verb: &str, kill: Kill, ended: &Ended) {
        let (status, took) = (ended.status, ended.took.as_millis());
        let text = format!("  {verb}, kill {kill}: {status} after {took} ms. {}\n", ended.stderr.trim());
        self.said.push_str(&text);
    }
}

fn id(runs: &[Value]) -> Option<&str> {
    runs.last()?["id"].as_str()
}

fn is_done(runs: &[Value]) -> bool {
    runs.last().is_some_and(|run| run["status"] == "finished")
}

/// What a process said was finished.
fn collect(ended: &Ended, reported: &mut BTreeMap<Place, Value>) -> Result<()> {
    for event in &ended.events {
        if event["kind"]["type"] == "sample_finished" {
            let evaluation = &event["kind"]["evaluation"];
            reported.insert(place(evaluation)?, evaluation.clone());
        }
    }
    Ok(())
}
