//! What is seen of a run while it goes on.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use eval_core::{BoxError, Event, EventKind, Progress, Reporter, Run, RunId, RunStatus, Wait, async_trait};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Console, clean, counted, latency, money, percent, shorten};

const NAME: usize = 28;
/// So much of a reason for waiting is shown: an endpoint may have said it.
const REASON: usize = 120;

/// Tells of a wait once, though several runs of a group tell of the same.
#[derive(Debug, Default)]
struct Waited {
    pause: Pause,
    /// Why a limit held calls the last time that it was told, and when that was.
    held: Option<(String, Instant)>,
}

/// Whether nothing new is asked.
#[derive(Debug, Default, PartialEq, Eq)]
enum Pause {
    #[default]
    None,
    /// Somebody waits.
    Told,
    /// Nobody waits any more: the trouble is over, or it was given up.
    Ended,
}

/// Calls that are held for the same reason again are told again after so long.
const HELD_AGAIN: Duration = Duration::from_secs(30);

impl Waited {
    /// What to say of this event, if anything is new.
    fn news(&mut self, event: &Event) -> Option<String> {
        match &event.kind {
            EventKind::Waiting { wait: Some(wait) } if wait.pauses => {
                let told = std::mem::replace(&mut self.pause, Pause::Told) == Pause::Told;
                let reason = clean(&wait.reason);
                (!told)
                    .then(|| format!("waiting: {reason}; nothing new is asked, and nothing that was paid for is lost"))
            }
            EventKind::Waiting { wait } => {
                if self.pause == Pause::Told {
                    self.pause = Pause::Ended;
                }
                self.held(event, wait.as_ref()?)
            }
            // Only what is asked anew shows that the run goes on.
            EventKind::SampleStarted { .. } if self.pause == Pause::Ended => {
                self.pause = Pause::None;
                Some("the wait is over; the run goes on".to_owned())
            }
            _ => None,
        }
    }

    /// `6 waiting, 429, 8 s`. The run goes on, and what holds its calls may do so again and again.
    fn held(&mut self, event: &Event, wait: &Wait) -> Option<String> {
        if self.held.as_ref().is_some_and(|(reason, at)| *reason == wait.reason && at.elapsed() < HELD_AGAIN) {
            return None;
        }
        self.held = Some((wait.reason.clone(), Instant::now()));
        let left = wait.until.map(|until| until.duration_since(event.at).as_secs_f64().max(0.0));
        let left = left.map_or_else(String::new, |seconds| format!(", {seconds:.0} s"));
        Some(format!("{} waiting, {}{left}", wait.count, shorten(&clean(&wait.reason), REASON)))
    }
}

/// The display that fits the terminal: bars, plain lines, or nothing.
pub(crate) fn display(console: &Console) -> Box<dyn Reporter> {
    match (console.quiet, console.live) {
        (true, _) => Box::new(()),
        (false, true) => Box::new(Bars::default()),
        (false, false) => Box::new(Lines { console: console.clone(), runs: HashMap::new(), wait: Waited::default() }),
    }
}

/// One moving bar per run.
struct Bars {
    screen: MultiProgress,
    bars: HashMap<RunId, ProgressBar>,
    wait: Waited,
}

impl Default for Bars {
    fn default() -> Self {
        // Few redraws: a display is not worth the time of the questions.
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        Self { screen, bars: HashMap::new(), wait: Waited::default() }
    }
}

impl Bars {
    fn add(&mut self, run: &Run, progress: &Progress) {
        let bar = self.screen.add(ProgressBar::new(run.planned));
        let template = "  {prefix:28} {bar:24.cyan/dim} {human_pos:>6}/{human_len}  {msg}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(shorten(&clean(&run.name), NAME));
        // One that goes on has come some way already.
        bar.set_position(progress.finished());
        bar.enable_steady_tick(Duration::from_millis(500));
        self.bars.insert(run.id, bar);
    }
}

#[async_trait]
impl Reporter for Bars {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        if let EventKind::RunStarted { run } = &event.kind {
            self.add(run, &event.progress);
            if event.progress.finished() > 0 {
                let name = shorten(&clean(&run.name), NAME);
                self.screen.println(format!("  {name}: {}", to_ask(run, &event.progress)))?;
            }
        }
        if let Some(news) = self.wait.news(event) {
            self.screen.println(format!("  {news}"))?;
        }
        let Some(bar) = self.bars.get(&event.run) else { return Ok(()) };
        match &event.kind {
            EventKind::SampleFinished { .. } => {
                bar.set_position(event.progress.finished());
                bar.set_message(interim(&event.progress));
            }
            EventKind::RunFinished { run } => {
                bar.set_style(ProgressStyle::with_template("  {prefix:28} {msg}")?);
                bar.finish_with_message(ended(run, &event.progress, bar.elapsed()));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Plain lines: at the start, after every tenth or half a minute, at the end.
struct Lines {
    console: Console,
    runs: HashMap<RunId, Told>,
    wait: Waited,
}

struct Told {
    name: String,
    tenths: u64,
    at: Instant,
    begun: Instant,
}

#[async_trait]
impl Reporter for Lines {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        let progress = &event.progress;
        if let Some(news) = self.wait.news(event) {
            self.console.warn(news);
        }
        match &event.kind {
            EventKind::RunStarted { run } => {
                let name = clean(&run.name);
                self.console.note(format!("{name}: {}", to_ask(run, progress)));
                let now = Instant::now();
                self.runs.insert(event.run, Told { name, tenths: 0, at: now, begun: now });
            }
            EventKind::SampleFinished { .. } => {
                let Some(told) = self.runs.get_mut(&event.run) else { return Ok(()) };
                let tenths = 10 * progress.finished() / progress.planned.max(1);
                if tenths > told.tenths || told.at.elapsed() > Duration::from_secs(30) {
                    (told.tenths, told.at) = (tenths, Instant::now());
                    let line = format!("{}/{}  {}", progress.finished(), progress.planned, interim(progress));
                    self.console.note(format!("{}: {line}", told.name));
                }
            }
            EventKind::RunFinished { run } => {
                let took = self.runs.get(&event.run).map(|told| told.begun.elapsed()).unwrap_or_default();
                self.console.note(format!("{}: {}", clean(&run.name), ended(run, progress, took)));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is asked: all, or what is left of a run that goes on.
fn to_ask(run: &Run, progress: &Progress) -> String {
    if progress.finished() > 0 {
        return format!("{} of {} left to ask", progress.pending(), progress.planned);
    }
    let questions = counted(run.planned / u64::from(run.epochs.max(1)), "question");
    match run.epochs {
        1 => format!("{questions} to ask"),
        epochs => format!("{questions} × {epochs} epochs to ask"),
    }
}

fn interim(progress: &Progress) -> String {
    parts(progress, format!("{} so far", percent(progress.mean)))
}

fn parts(progress: &Progress, first: String) -> String {
    let mut parts = vec![first];
    parts.extend(progress.cost.map(|cost| money(Some(cost))));
    parts.extend((progress.unscored > 0).then(|| format!("{} unscored", progress.unscored)));
    parts.extend((progress.failed > 0).then(|| format!("{} failed", progress.failed)));
    parts.join(" · ")
}

/// The end of a run. Its mean is over questions, so with several epochs it may differ from the last one on the way.
/// `took` is the time of this process: one that goes on with a run did not wait through the days before.
fn ended(run: &Run, progress: &Progress, took: Duration) -> String {
    let took = latency(Some(took.as_secs_f64() * 1e3));
    let score = percent(run.score().map(|score| score.mean));
    match run.status {
        RunStatus::Finished => format!("{score}  {}", parts(progress, format!("done in {took}"))),
        status => format!("{score}  {status} after {took}, {} of {} asked", progress.finished(), progress.planned),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use eval_core::Waits;

    use super::*;

    fn event(wait: Option<Wait>) -> Event {
        Event::new(RunId::new(), 0, Progress::default(), EventKind::Waiting { wait })
    }

    #[test]
    fn what_is_held_is_told_with_its_count_and_its_time() {
        let (waits, mut waited) = (Waits::new(), Waited::default());
        let until = tokio::time::Instant::now() + Duration::from_millis(8_200);
        let held = waits.hold("429", until, Arc::new(AtomicU64::new(6)));
        assert_eq!(waited.news(&event(waits.now())).as_deref(), Some("6 waiting, 429, 8 s"));
        assert_eq!(waited.news(&event(waits.now())), None, "the same again");

        let pause = waits.begin("the disk is full");
        let said = waited.news(&event(waits.now())).expect("it is new");
        assert!(said.starts_with("waiting: the disk is full; nothing new is asked"), "{said}");
        drop(pause);
        assert_eq!(waited.news(&event(waits.now())), None);
        drop(held);
        assert_eq!(waited.news(&event(None)), None);
        let asked = EventKind::SampleStarted { sample: "a".into(), epoch: 1 };
        let begun = Event::new(RunId::new(), 0, Progress::default(), asked);
        assert_eq!(waited.news(&begun).as_deref(), Some("the wait is over; the run goes on"));
        assert_eq!(waited.news(&begun), None);
    }
}
