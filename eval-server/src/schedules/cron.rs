//! When something is due, in a time zone.

use cronexpr::{Crontab, MakeTimestamp, parse_crontab};
use eval_core::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A cron expression in a time zone: minute, hour, day of the month, month, day of the week.
///
/// It is read on the clock on the wall. A time that such a clock shows twice, because it was set back, counts the first
/// time; one that it leaves out, because it was set forward, counts at the moment of the change. So nothing is left out
/// and nothing comes twice.
///
/// ```
/// use eval_server::Cron;
///
/// let nightly = Cron::parse("30 2 * * *", "Europe/Berlin")?;
/// let next = nightly.next("2026-01-01T00:00:00Z".parse()?);
/// assert_eq!(next.map(|next| next.to_string()).as_deref(), Some("2026-01-01T01:30:00Z"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cron {
    expression: String,
    zone_name: String,
    zone: TimeZone,
    /// On a clock that never changes.
    wall: Crontab,
}

/// Why an expression and a zone are no times.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CronError {
    /// The expression cannot be read.
    #[error("the cron expression {expression:?} cannot be read at character {at}: {why}")]
    Expression {
        /// It.
        expression: String,
        /// Where, from 1.
        at: usize,
        /// What is wrong there.
        why: String,
    },
    /// The zone is unknown.
    #[error("there is no time zone {zone:?}; expected a name of the IANA database such as UTC or Europe/Berlin")]
    Zone {
        /// It.
        zone: String,
    },
    /// There is no such day in years.
    #[error("the cron expression {expression:?} names a day that does not come within four years")]
    Never {
        /// It.
        expression: String,
    },
}

impl Cron {
    /// Reads an expression of five fields, such as `0 2 * * MON-FRI`, in a zone of the IANA database.
    ///
    /// # Errors
    /// [`CronError`] says what is wrong and where.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, CronError> {
        let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
        let refuse = |at, why: &str| CronError::Expression { expression: expression.clone(), at, why: why.to_owned() };
        if expression.split(' ').count() != 5 {
            return Err(refuse(1, "expected five fields: minute, hour, day of month, month, day of week"));
        }
        let unknown = |_| CronError::Zone { zone: zone.to_owned() };
        let known = TimeZone::get(zone).map_err(unknown)?;
        let wall = parse_crontab(&format!("{expression} UTC")).map_err(|error| {
            let (at, why) = place(&error.to_string());
            refuse(at, &why)
        })?;
        let cron = Self { expression, zone_name: zone.to_owned(), zone: known, wall };
        match cron.next(Timestamp::now()) {
            Some(_) => Ok(cron),
            None => Err(CronError::Never { expression: cron.expression }),
        }
    }

    /// The expression, without needless blanks.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The name of the zone.
    pub fn zone(&self) -> &str {
        &self.zone_name
    }

    /// The first time after this one; `None` when there is none within four years.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut wall = after.to_zoned(self.zone.clone()).datetime();
        // More than once only while the clock on the wall shows for the second time what it has shown before.
        loop {
            wall = self.wall.find_next(MakeTimestamp(TimeZone::UTC.to_timestamp(wall).ok()?)).ok()?.datetime();
            let at = self.instant(wall)?;
            if at > after {
                return Some(at);
            }
        }
    }

    /// The last time after `after` and not after `until`.
    pub fn last(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let times = std::iter::successors(self.next(after), |at| self.next(*at));
        times.take_while(|at| *at <= until).last()
    }

    /// When the clock on the wall shows this.
    fn instant(&self, wall: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(wall);
        match ambiguous.offset() {
            // By the offset after the change it is before the change, and the change is what follows.
            AmbiguousOffset::Gap { after, .. } => {
                let before = after.to_timestamp(wall).ok()?;
                self.zone.following(before).next().map(|change| change.timestamp())
            }
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wall).ok(),
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok(),
        }
    }
}

/// Where and what, out of a message with the expression in its second line and a caret in its third.
fn place(message: &str) -> (usize, String) {
    let caret = message.lines().nth(2).and_then(|line| line.split_once('^'));
    match caret {
        Some((before, why)) => (before.chars().count() + 1, why.trim().to_owned()),
        None => (1, message.lines().next().unwrap_or_default().to_owned()),
    }
}
