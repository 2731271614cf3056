//! Money as an integer, so that sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An amount of money in nano-dollars (1 USD = 1,000,000,000).
///
/// One token can cost less than a micro-dollar, and sums of floats drift; an `i64` of nano-dollars is
/// exact up to 9.2 thousand million dollars. An unknown cost is `Option::None`, never `Money::ZERO`.
///
/// ```
/// use eval_core::Money;
/// let answer = Money::from_usd(0.00005).unwrap();
/// assert_eq!(answer.nanos(), 50_000);
/// assert_eq!((answer + answer).to_string(), "$0.0001");
/// assert_eq!(Money::from_usd(f64::NAN), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// No money: a call that is known to cost nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of nano-dollars.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// An amount of US dollars, rounded to the nearest nano-dollar.
    ///
    /// `None` when the number is negative, not finite, or too large to hold: providers report such costs,
    /// and they mean "unknown".
    pub fn from_usd(usd: f64) -> Option<Self> {
        let nanos = (usd * 1e9).round();
        (nanos.is_finite() && (0.0..9.2e18).contains(&nanos)).then_some(Self(nanos as i64))
    }

    /// The amount in nano-dollars.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The amount in US dollars, for display and for charts.
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add for Money {
    type Output = Self;

    /// Saturates instead of wrapping: a sum that large is a defect upstream, not a reason to lose a run.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    /// Dollars with at least two decimals, and as many more as the amount needs (at most nine).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let fraction = format!("{:09}", nanos % 1_000_000_000);
        let digits = fraction.trim_end_matches('0').len().max(2);
        write!(f, "{sign}${}.{}", nanos / 1_000_000_000, &fraction[..digits])
    }
}

/// Where the price of a call is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PriceSource {
    /// The endpoint said what the call cost.
    Reported,
    /// The user's own price file.
    File,
    /// The table that comes with the program.
    Table,
}

impl PriceSource {
    /// The name used in records: `reported`, `file` or `table`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::File => "file",
            Self::Table => "table",
        }
    }

    /// The source of this [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Reported, Self::File, Self::Table].into_iter().find(|source| source.name() == name)
    }
}

/// Where a cost is known from. Prices change and tables err, so each cost says whose word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Pricing {
    /// Whose word it is.
    pub source: PriceSource,
    /// The day of the price table; `None` for what the endpoint reported, and for a table without a date.
    pub date: Option<Date>,
}

impl Pricing {
    /// What the endpoint itself said.
    pub const REPORTED: Self = Self { source: PriceSource::Reported, date: None };

    /// A price from this source, as of this day.
    pub const fn new(source: PriceSource, date: Option<Date>) -> Self {
        Self { source, date }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_many_decimals_as_needed() {
        let shown = |nanos| Money::from_nanos(nanos).to_string();
        assert_eq!(shown(0), "$0.00");
        assert_eq!(shown(1), "$0.000000001");
        assert_eq!(shown(1_500_000_000), "$1.50");
        assert_eq!(shown(-50_000), "-$0.00005");
        assert_eq!(shown(i64::MIN), "-$9223372036.854775808");
    }

    #[test]
    fn refuses_what_is_not_an_amount() {
        for usd in [f64::NAN, f64::INFINITY, -0.01, 1e12] {
            assert_eq!(Money::from_usd(usd), None, "{usd}");
        }
        assert_eq!(Money::from_usd(4.9999999999999996e-05), Some(Money::from_nanos(50_000)));
    }
}
