//! Prices as whole numbers: no float adds up here.

use eval_core::Money;

/// An amount of money in atto-dollars (1 USD = 10^18): the price of a token is a whole number of them, and tokens times
/// price is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Atto(i128);

/// Decimal places.
const PLACES: i64 = 18;
/// Atto-dollars in a nano-dollar.
const NANO: i128 = 1_000_000_000;
/// A token for $1,000 is a mistake.
const MOST: i128 = 1_000 * 10_i128.pow(PLACES as u32);

impl Atto {
    pub(crate) const ZERO: Self = Self(0);

    /// A decimal number of dollars (`2.5e-06`), rounded to the nearest atto-dollar: this also undoes what tables that were
    /// written from floats have in their last digits. `None` when it is negative, no number, or absurd.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if whole.is_empty() || digits.len() > 30 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let value: i128 = digits.parse().ok()?;
        let shift = PLACES.checked_add(exponent)?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let atto = match (value, u32::try_from(shift)) {
            (0, _) => 0,
            (value, Ok(shift)) => value.checked_mul(10_i128.checked_pow(shift)?)?,
            (value, Err(_)) => match u32::try_from(shift.checked_neg()?).ok().and_then(|by| 10_i128.checked_pow(by)) {
                Some(divisor) => rounded(value, divisor),
                None => 0,
            },
        };
        (atto <= MOST).then_some(Self(atto))
    }

    /// So many tokens at this price; `None` when the product is too large to hold.
    pub(crate) fn times(self, tokens: u64) -> Option<Self> {
        self.0.checked_mul(i128::from(tokens)).map(Self)
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Rounded to the nearest nano-dollar.
    pub(crate) fn money(self) -> Option<Money> {
        i64::try_from(rounded(self.0, NANO)).ok().map(Money::from_nanos)
    }

    /// Dollars for a million tokens, for display: `2.5`.
    pub(crate) fn per_million(self) -> String {
        let micro = self.0; // atto-dollars a token are pico-dollars a million.
        let fraction = format!("{:012}", micro % 1_000_000_000_000);
        let fraction = fraction.trim_end_matches('0');
        let whole = micro / 1_000_000_000_000;
        if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") }
    }
}

/// Half away from zero. Amounts here are never negative.
fn rounded(value: i128, divisor: i128) -> i128 {
    (value + divisor / 2) / divisor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, atto) in [
            ("2.5e-06", 2_500_000_000_000),
            ("0.0000025", 2_500_000_000_000),
            ("1e-05", 10_000_000_000_000),
            ("1.9999999999999998e-07", 200_000_000_000),
            ("4.9999999999999996e-05", 50_000_000_000_000),
            ("0", 0),
            ("0.0", 0),
            ("1E-400", 0),
            ("1", 1_000_000_000_000_000_000),
        ] {
            assert_eq!(Atto::parse(text), Some(Atto(atto)), "{text}");
        }
        for text in ["-1e-06", "", ".5", "nan", "inf", "1e400", "1e5", "1e", "1.2.3", "1e-06 ", "+1"] {
            assert_eq!(Atto::parse(text), None, "{text}");
        }
    }

    #[test]
    fn products_are_exact_and_rounded_once() {
        let price = Atto::parse("1.23e-07").unwrap();
        assert_eq!(price.times(3).unwrap().money(), Some(Money::from_nanos(369)));
        assert_eq!(Atto::parse("1.5e-10").unwrap().times(7).unwrap().money(), Some(Money::from_nanos(1)));
        assert_eq!(price.times(1 << 53).unwrap().money(), Some(Money::from_nanos(123 << 53)));
        assert_eq!(Atto::parse("1000").unwrap().times(u64::MAX).and_then(Atto::money), None);
    }

    #[test]
    fn a_million_tokens_are_shown() {
        for (text, shown) in [("2.5e-06", "2.5"), ("1e-05", "10"), ("7.5e-08", "0.075"), ("0", "0")] {
            assert_eq!(Atto::parse(text).unwrap().per_million(), shown);
        }
    }
}
