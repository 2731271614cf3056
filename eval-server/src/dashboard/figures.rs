//! Figures as pages write them: a real minus, one decimal, no false precision.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What stands where nothing is known.
pub const UNKNOWN: &str = "–";

/// A change in points with its sign, `−4.6`; what rounds to nothing is `0.0`.
///
/// ```
/// use eval_server::dashboard::figures::signed;
/// assert_eq!([signed(-4.56), signed(2.0), signed(-0.04)], ["−4.6", "+2.0", "0.0"]);
/// ```
pub fn signed(points: f64) -> String {
    if !points.is_finite() {
        return UNKNOWN.to_owned();
    }
    let text = format!("{points:+.1}");
    match text.as_str() {
        "+0.0" | "-0.0" => "0.0".to_owned(),
        _ => text.replace('-', "−"),
    }
}

/// The interval of a change, `−7.0 to −2.2`.
pub fn signed_range(low: f64, high: f64) -> String {
    format!("{} to {}", signed(low), signed(high))
}

/// A size without a sign, `4.6`.
pub fn size(points: f64) -> String {
    format!("{:.1}", points.abs())
}

/// A share from 0 to 1 in percent, `86.2%`.
pub fn percent(share: f64) -> String {
    hundredths(share).map_or(UNKNOWN.to_owned(), |text| text + "%")
}

/// The interval of a share from 0 to 1, `82.9 to 88.9`, in percent.
pub fn percent_range(low: f64, high: f64) -> String {
    let [low, high] = [low, high].map(|end| hundredths(end).unwrap_or(UNKNOWN.to_owned()));
    format!("{low} to {high}")
}

fn hundredths(share: f64) -> Option<String> {
    let hundredths = 100.0 * share;
    hundredths.is_finite().then(|| format!("{hundredths:.1}"))
}

/// US dollars with as many decimals as they need to be seen: `$4.40`, `$0.0051`.
///
/// ```
/// use eval_server::dashboard::figures::dollars;
/// assert_eq!([dollars(4.4), dollars(0.0051), dollars(0.0), dollars(12_345.6)], ["$4.40", "$0.0051", "$0.00", "$12,346"]);
/// ```
pub fn dollars(usd: f64) -> String {
    match usd.abs() {
        size if !size.is_finite() => UNKNOWN.to_owned(),
        size if size >= 1_000.0 => format!("${}", thousands(usd.round().max(0.0) as u64)),
        size if size >= 0.1 || size == 0.0 => format!("${usd:.2}"),
        size if size >= 0.000_1 => format!("${usd:.4}"),
        _ => format!("${usd:.6}"),
    }
}

/// A time in ms as people read it: `850 ms`, `3.6 s`, `4 min 10 s`.
pub fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 59_950.0 => format!("{:.1} s", ms / 1_000.0),
        ms => {
            let seconds = (ms / 1_000.0).round() as u64;
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
    }
}

/// A number in whole thousands, `24,000`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 question`, `1,240 questions`.
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", thousands(number)) }
}

/// A day in UTC, `9 Nov`.
pub fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %b").to_string()
}

/// A day in UTC with its year, `9 Nov 2026`.
pub fn day_and_year(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %b %Y").to_string()
}

/// A day in UTC as sentences say it, `9 November`.
pub fn long_day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B").to_string()
}

/// A minute in UTC, `9 Nov 2026, 02:14 UTC`.
pub fn minute(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// Names as sentences list them: `a`, `a and b`, `a, b and c`.
///
/// ```
/// use eval_server::dashboard::figures::listed;
/// assert_eq!(listed(&["cost", "p95", "accuracy"]), "cost, p95 and accuracy");
/// ```
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// A small number as sentences say it: `one`, `two`, … `nine`, `10`.
pub fn spelled(number: usize) -> String {
    const WORDS: [&str; 10] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    WORDS.get(number).map_or_else(|| thousands(number as u64), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!([duration(850.0), duration(3_600.0), duration(250_400.0)], ["850 ms", "3.6 s", "4 min 10 s"]);
        assert_eq!([thousands(0), thousands(1_000), thousands(1_234_567)], ["0", "1,000", "1,234,567"]);
        assert_eq!([count(1, "run"), count(2_000, "run")], ["1 run", "2,000 runs"]);
        assert_eq!([spelled(0), spelled(3), spelled(12)], ["no", "three", "12"]);
        assert_eq!((percent(0.862), percent_range(0.829, 0.889)), ("86.2%".into(), "82.9 to 88.9".into()));
        let at: Timestamp = "2026-11-09T02:14:00Z".parse().unwrap();
        assert_eq!([day(at), long_day(at), minute(at)], ["9 Nov", "9 November", "9 Nov 2026, 02:14 UTC"]);
    }
}
