//! Numbers for people. What is unknown is a dash, never 0.

use eval_core::{Estimate, Money, Total};

const UNKNOWN: &str = "–";

/// A share as percent with one decimal: `86.2%`.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| UNKNOWN.into(), |share| format!("{:.1}%", share * 100.0))
}

/// A number of things: `1 run`, `2 runs`, `3 categories`.
pub(crate) fn counted(n: u64, thing: &str) -> String {
    match (n, thing.strip_suffix('y')) {
        (1, _) => format!("1 {thing}"),
        (n, Some(stem)) => format!("{n} {stem}ies"),
        (n, None) => format!("{n} {thing}s"),
    }
}

/// The 95 % interval of a mean, in percent: `82.9 to 88.9`.
pub(crate) fn interval(estimate: Option<&Estimate>) -> String {
    match estimate.and_then(|estimate| estimate.interval) {
        Some(interval) => format!("{:.1} to {:.1}", interval.low * 100.0, interval.high * 100.0),
        None => UNKNOWN.into(),
    }
}

/// Milliseconds as a person reads them: `840 ms`, `2.64 s`, `1m50s`.
pub(crate) fn latency(ms: Option<f64>) -> String {
    match ms {
        None => UNKNOWN.into(),
        Some(ms) if ms < 10.0 => format!("{ms:.1} ms"),
        Some(ms) if ms < 999.5 => format!("{ms:.0} ms"),
        Some(ms) if ms < 59_995.0 => format!("{:.2} s", ms / 1e3),
        Some(ms) => {
            let seconds = (ms / 1e3).round() as u64;
            format!("{}m{:02}s", seconds / 60, seconds % 60)
        }
    }
}

/// An amount with as many decimals as its size asks for; exact amounts are in the database and in JSON.
pub(crate) fn money(amount: Option<Money>) -> String {
    match amount.map(Money::usd) {
        None => UNKNOWN.into(),
        Some(0.0) => "$0".into(),
        Some(usd) if usd.abs() < 0.01 => format!("${}", significant(usd)),
        Some(usd) if usd.abs() < 1.0 => format!("${usd:.4}"),
        Some(usd) => format!("${usd:.2}"),
    }
}

/// A sum of which some parts may be unknown: `$0.0840`, or `$0.0840 + ?` when parts are missing.
pub(crate) fn total_money(total: &Total<Money>) -> String {
    match (total.known, total.unknown) {
        (known, 0) => money(known),
        (None, _) => "unpriced".into(),
        (known, _) => format!("{} + ?", money(known)),
    }
}

/// Three significant digits of a small number, without an exponent.
fn significant(number: f64) -> String {
    let decimals = (2.0 - number.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{number:.decimals$}");
    text.trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_the_digits_that_matter() {
        let shown = |usd| money(Money::from_usd(usd));
        assert_eq!(shown(0.00025), "$0.00025");
        assert_eq!(shown(0.0842), "$0.0842");
        assert_eq!(shown(12.3456), "$12.35");
        assert_eq!((money(None), money(Some(Money::ZERO))), ("–".into(), "$0".into()));
    }

    #[test]
    fn one_thing_is_not_called_many() {
        assert_eq!(counted(1, "run") + &counted(0, "run") + &counted(2, "category"), "1 run0 runs2 categories");
    }

    #[test]
    fn times_are_read_without_counting_digits() {
        let shown = [0.25, 12.0, 999.4, 999.6, 2641.0, 59_999.0, 110_000.0].map(|ms| latency(Some(ms)));
        assert_eq!(shown, ["0.2 ms", "12 ms", "999 ms", "1.00 s", "2.64 s", "1m00s", "1m50s"]);
    }
}
