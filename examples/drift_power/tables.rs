//! The tables of quality, as markdown.

use crate::rules::Kind;
use crate::scenario::{CHANGE, Scenario};
use crate::shares::{Share, runs};
use crate::study::{SCENARIOS, Study};

/// Runs after which a change should be known.
const SOON: f64 = 14.0;

/// A heading, the names of the columns, and the rows.
pub fn table(title: &str, columns: &[String], rows: &[Vec<String>]) {
    println!("\n### {title}\n");
    println!("| {} |", columns.join(" | "));
    println!("|{}", "---|".repeat(columns.len()));
    rows.iter().for_each(|row| println!("| {} |", row.join(" | ")));
}

/// A first column, and one for each size.
pub fn sizes(first: &str, studies: &[Study]) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(studies.iter().map(|study| format!("Q = {}", study.questions))).collect()
}

pub fn false_alarms(studies: &[Study]) {
    let mut rows = vec![];
    for kind in Kind::ALL {
        let shipped: Vec<_> = studies.iter().map(|study| kind.shipped(study.questions)).collect();
        for at in 0..shipped.first().map_or(0, Vec::len) {
            let mut row = vec![format!("{}: {}", kind.name(), shipped[0][at].0)];
            row.extend(studies.iter().zip(&shipped).map(|(study, shipped)| {
                let (flags, any) = study.flags(kind, shipped[at].1);
                format!("{flags:.2} / {any}")
            }));
            rows.push(row);
        }
    }
    let title = "As shipped: flagged runs per 90 runs without a change / histories with any";
    table(title, &sizes("rule", studies), &rows);
}

/// Alarms that began, and the deviation of a run's mean.
pub fn monitor_alarms(studies: &[Study]) {
    let each = |of: &dyn Fn(&Study) -> String, name: &str| {
        std::iter::once(name.to_owned()).chain(studies.iter().map(of)).collect::<Vec<String>>()
    };
    let alarms = |study: &Study| {
        let all: usize = study.still.iter().map(|history| history.alarms).sum();
        format!("{:.3} of {} histories", all as f64 / study.still.len() as f64, study.still.len())
    };
    let deviation = |study: &Study| format!("{:.2}", 100.0 * study.deviation());
    let caught = |study: &Study, threshold: f64, kind: Kind| {
        Share::of(study.histories(Scenario::Outage(20.0)), |history| history.path(kind)[CHANGE] > threshold).to_string()
    };
    let rows = [
        each(&deviation, "standard deviation of a run's mean, points"),
        each(&alarms, "alarms that began per history of 90 runs without a change"),
        each(&|study| caught(study, 200.0, Kind::Monitor), "outage of one run, -20 points: WATCH or ALARM in that run"),
        each(&|study| caught(study, 500.0, Kind::Monitor), "the same: ALARM"),
        each(&|study| caught(study, 3.0902, Kind::Shock), "the same: shock test, p < 0.001"),
        each(
            &|study| {
                let outages = study.histories(Scenario::Outage(20.0));
                let alarmed: Vec<_> =
                    outages.iter().filter(|found| found.path(Kind::Monitor)[CHANGE] > 500.0).collect();
                Share::of(&alarmed, |history| history.withdrawn).to_string()
            },
            "the same: withdrawn by the next run, of those that were an ALARM",
        ),
    ];
    table("`QualityMonitor`: alarms and outages", &sizes("what", studies), &rows);
}

pub fn ours(studies: &[Study]) {
    let mut columns = vec!["change".to_owned()];
    for study in studies {
        columns.extend([format!("Q = {}: WATCH", study.questions), format!("Q = {}: ALARM", study.questions)]);
    }
    let row = |scenario: Scenario| {
        let cell = |study: &Study, threshold: f64| {
            let delays = study.delays(scenario, Kind::Monitor, threshold);
            format!("{delays} · {}", delays.within(SOON))
        };
        let cells = studies.iter().flat_map(|study| [cell(study, 200.0), cell(study, 500.0)]);
        std::iter::once(scenario.name()).chain(cells).collect::<Vec<String>>()
    };
    let rows: Vec<_> = lasting().map(row).collect();
    table("`QualityMonitor` as shipped: median runs until found (95 %) · found within 14 runs (95 %)", &columns, &rows);
}

pub fn matched(study: &Study) {
    let mut columns = vec!["rule".to_owned(), "threshold".to_owned(), "any flag without a change".to_owned()];
    columns.extend(lasting().map(Scenario::name));
    let row = |kind: Kind| {
        let threshold = study.matched(kind);
        let mut row = vec![kind.name().to_owned(), short(threshold), study.flags(kind, threshold).1.to_string()];
        row.extend(lasting().map(|scenario| {
            let delays = study.delays(scenario, kind, threshold);
            format!("{} · {}", runs(delays.median()), delays.within(SOON))
        }));
        row
    };
    let rows: Vec<_> = Kind::ALL.into_iter().map(row).collect();
    let title = format!(
        "Q = {}, at matched false alarms: median runs until found · found within 14 runs (95 %)",
        study.questions
    );
    table(&title, &columns, &rows);
}

fn lasting() -> impl Iterator<Item = Scenario> {
    SCENARIOS.into_iter().filter(|scenario| !matches!(scenario, Scenario::Outage(_)))
}

/// Three digits.
fn short(threshold: f64) -> String {
    if threshold.abs() >= 100.0 { format!("{threshold:.0}") } else { format!("{threshold:.3}") }
}
