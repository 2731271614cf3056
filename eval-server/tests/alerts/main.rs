//! Alerts: who is told what, once, and when it is over; through channels that work, and through those that do not.

mod channels;
mod mail;
mod over_http;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../outgoing/sink.rs"]
mod sink;
mod smtp;
mod told;

use std::sync::{Arc, Mutex};

use eval_core::server::{Alert, AlertLog, AlertQuery, Notice, NoticeQuery, Notices};
use eval_core::{
    CategoryFinding, Condition, ConditionChange, DatasetRef, DriftDetector, DriftLog, DriftReport, Effect, Evidence,
    HistoryKey, InMemory, Marks, Measure, Onset, Point, Run, RunId, RunStatus, Severity, Status, Store, Timestamp,
};
use eval_drift::QualityMonitor;
use eval_server::{AlertSettings, Alerts, Channel, Message, Next, Told};

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Seconds after the run that the tests look at.
fn after(seconds: i64) -> Timestamp {
    time("2026-11-22T02:10:00Z").saturating_add(std::time::Duration::from_secs(seconds.unsigned_abs())).expect("a time")
}

/// A finished run of this name on a day of November.
fn run(name: &str, day: u32) -> Run {
    let mut run = Run::new(name, DatasetRef::new("support-qa", "f00d", 500), 500);
    run.started = time(&format!("2026-11-{day:02}T02:00:00Z"));
    run.id = id(name, run.started);
    run.finished = Some(time(&format!("2026-11-{day:02}T02:10:00Z")));
    run.status = RunStatus::Finished;
    run
}

/// The same id for the same run, as a UUID v7 that sorts by time.
fn id(name: &str, at: Timestamp) -> RunId {
    let millis = at.as_millisecond();
    let name =
        name.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into())) & 0xffff_ffff_ffff;
    let id = format!("{:08x}-{:04x}-7000-8000-{name:012x}", millis >> 16, millis & 0xffff);
    id.parse().expect("an id")
}

/// What the monitor of the quality reports of a run.
fn report(status: Status) -> DriftReport {
    DriftReport::new(QualityMonitor::default().method(), Measure::Quality, status)
}

/// 4.4 points worse since 9 November, for certain in one category, with another fingerprint.
fn worse() -> DriftReport {
    let point = |day: u32| {
        let run = run("gamma-pro", day);
        Point::new(run.id, run.started)
    };
    let mut report = report(Status::Worse);
    report.severity = Some(Severity::Major);
    report.effect = Effect::points(-4.4, Some((-6.1, -2.7)));
    report.evidence = Evidence::accumulated(24_000.0, 200.0, 1_000.0);
    report.since = Some(Onset::new(point(9), 14).between(point(7), point(10)));
    let mut reasoning = CategoryFinding::new("Reasoning", 60);
    (reasoning.effect, reasoning.p_holm) = (Effect::points(-18.8, Some((-28.6, -8.9))), Some(0.001));
    let mut coding = CategoryFinding::new("Coding", 60);
    (coding.effect, coding.p_holm) = (Effect::points(-2.0, Some((-9.0, 5.0))), Some(0.6));
    report.categories = vec![coding, reasoning];
    (report.questions.compared, report.questions.regressed) = (500, 31);
    let [before, now] = ["fp_44a1", "fp_9e07"].map(|print| vec![print.to_owned()]);
    let mut change = ConditionChange::new(Condition::Fingerprint, before, now, point(9).run, point(9).at);
    change.coincides = true;
    report.changes = vec![change];
    report
}

/// Stores a run with what was found in it under the marks as they are.
async fn found(store: &InMemory, run: &Run, report: &DriftReport) {
    store.put_run(run).await.expect("a run is taken");
    let marks = store.marks(&HistoryKey::of(run)).await.expect("marks").len() as u64;
    store.put_report(run.id, marks, report).await.expect("a report is taken");
}

/// Everything at once: nothing waits for others.
fn settings() -> AlertSettings {
    let mut settings = AlertSettings::default();
    settings.gather = std::time::Duration::ZERO;
    settings.public_url = Some("https://evals.example/".into());
    settings
}

/// A channel that writes down what it is told, and refuses as often as it is asked to.
#[derive(Debug, Clone, Default)]
struct Notebook {
    told: Arc<Mutex<Vec<(String, Message)>>>,
    refuses: Arc<Mutex<usize>>,
    name: Option<&'static str>,
}

#[eval_core::async_trait]
impl Channel for Notebook {
    fn name(&self) -> &str {
        self.name.unwrap_or("notebook")
    }

    async fn tell(&self, id: &str, message: &Message, _: Timestamp) -> Told {
        let mut refuses = self.refuses.lock().expect("a lock");
        if *refuses > 0 {
            *refuses -= 1;
            return Told::failed(Next::Retry { not_before: None }, "not now");
        }
        self.told.lock().expect("a lock").push((id.to_owned(), message.clone()));
        Told::taken("thanks")
    }
}

impl Notebook {
    /// What it was told since it was asked last.
    fn read(&self) -> Vec<String> {
        self.messages().iter().map(Message::title).collect()
    }

    fn messages(&self) -> Vec<Message> {
        std::mem::take(&mut *self.told.lock().expect("a lock")).into_iter().map(|(_, message)| message).collect()
    }
}

fn alerts(store: &Arc<InMemory>, settings: AlertSettings, channel: impl Channel) -> Alerts {
    Alerts::new(store.clone(), store.clone(), settings).channel(channel)
}

/// One turn of the work.
async fn turn(alerts: &Alerts, now: Timestamp) {
    alerts.catch_up(now).await.expect("histories are read");
    alerts.announce(now).await.expect("alerts are told");
    alerts.send(now).await.expect("notices are sent");
}

async fn all(store: &InMemory) -> Vec<Alert> {
    let mut query = AlertQuery::default();
    query.limit = 1_000;
    store.alerts(&query).await.expect("alerts")
}

async fn notices(store: &InMemory) -> Vec<Notice> {
    let mut query = NoticeQuery::default();
    query.limit = 10_000;
    store.notices(&query).await.expect("notices")
}
