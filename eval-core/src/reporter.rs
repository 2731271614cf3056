//! What is done with the events of a run.

use std::fmt;
use std::io::Write;

use async_trait::async_trait;

use crate::{BoxError, Event};

/// An output of a run: a progress bar, a log, a stream to a browser.
///
/// The run waits for each report, so a slow reporter holds back new questions; it never stretches a measured latency.
/// A reporter that fails is told of once in the log (`tracing`) and left out from then on: a broken display is no
/// reason to lose a paid run.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Reporter: Send {
    /// Takes note of an event.
    ///
    /// # Errors
    /// Any error; the reporter is not called again in this run.
    async fn report(&mut self, event: &Event) -> Result<(), BoxError>;
}

/// No output at all.
#[async_trait]
impl Reporter for () {
    async fn report(&mut self, _: &Event) -> Result<(), BoxError> {
        Ok(())
    }
}

#[async_trait]
impl<R: Reporter + ?Sized> Reporter for Box<R> {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        (**self).report(event).await
    }
}

/// Passes each event to several reporters; one that fails is left out, the others go on.
#[derive(Default)]
pub struct Fanout {
    reporters: Vec<Box<dyn Reporter>>,
}

impl Fanout {
    /// No reporters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more reporter.
    pub fn with(mut self, reporter: impl Reporter + 'static) -> Self {
        self.reporters.push(Box::new(reporter));
        self
    }
}

#[async_trait]
impl Reporter for Fanout {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        let mut at = 0;
        while at < self.reporters.len() {
            match self.reporters[at].report(event).await {
                Ok(()) => at += 1,
                Err(error) => {
                    tracing::warn!(%error, "an output of the run failed and is left out from here on");
                    drop(self.reporters.remove(at));
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fanout").field("reporters", &self.reporters.len()).finish()
    }
}

/// Keeps every event: for tests and for small runs. The runner itself keeps none.
#[derive(Debug, Default)]
pub struct Collect {
    /// The events so far, in order.
    pub events: Vec<Event>,
}

#[async_trait]
impl Reporter for Collect {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        self.events.push(event.clone());
        Ok(())
    }
}

/// Writes each event as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
    writer: W,
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes to this writer, which is flushed after each line so that a log can be followed.
    pub fn new(writer: W) -> Self {
        Self { writer }
    }

    /// Gives the writer back.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

#[async_trait]
impl<W: Write + Send> Reporter for JsonLines<W> {
    async fn report(&mut self, event: &Event) -> Result<(), BoxError> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.writer.write_all(&line)?;
        self.writer.flush()?;
        Ok(())
    }
}
