//! The report as Markdown, for a step summary or a comment.

use eval_core::Change;

use super::QuestionChange;
use super::report::{Check, CheckOutcome, GateReport};
use super::text::{basis, difference, last};
use super::words::{interval_of, signed};
use crate::neutral::{cut, markdown as neutral, url_part};

/// Checks that are listed at most; those that are not passed come first when there are more.
const MOST_CHECKS: usize = 40;
/// Settings and warnings that are listed at most.
const MOST: usize = 20;
/// The longest text of a data set that is shown.
const LONGEST: usize = 100;

/// How a report is written as Markdown.
///
/// The decision with its checks, what it rests on and what follows is always there; lists are cut until the whole fits. Texts of the data set are [neutral](crate::neutral::markdown).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Markdown {
    /// The address of a page about the run, without a query; `None` for no links. Only `http` and `https` are linked.
    pub page: Option<String>,
    /// The command that decides again; `None` to leave it out.
    pub reproduce: Option<String>,
    /// The largest size, in bytes; default 65,000, as a comment of GitHub holds 65,536 characters.
    pub most_bytes: usize,
    /// Regressions that are listed at most; default 10.
    pub regressions: usize,
    /// Whether it begins with a hidden mark, by which the comment is found and edited in place. Default: yes.
    pub marked: bool,
}

impl Default for Markdown {
    fn default() -> Self {
        Self { page: None, reproduce: None, most_bytes: 65_000, regressions: 10, marked: true }
    }
}

impl Markdown {
    /// The defaults: for a comment, without links.
    pub fn new() -> Self {
        Self::default()
    }

    /// With links to this page.
    pub fn page(mut self, address: impl Into<String>) -> Self {
        self.page = Some(address.into());
        self
    }

    /// With the command that decides again.
    pub fn reproduce(mut self, command: impl Into<String>) -> Self {
        self.reproduce = Some(command.into());
        self
    }

    /// At most so many bytes. What must not be cut takes some thousand.
    pub fn most_bytes(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// With at most so many regressions.
    pub fn regressions(mut self, most: usize) -> Self {
        self.regressions = most;
        self
    }

    /// With or without the hidden mark.
    pub fn marked(mut self, marked: bool) -> Self {
        self.marked = marked;
        self
    }

    /// The hidden mark of a data set: `<!-- evalctl:support-qa -->`.
    pub fn mark(dataset: &str) -> String {
        let plain = |character: &char| character.is_ascii_alphanumeric() || ".-_".contains(*character);
        let name: String = dataset.chars().filter(plain).take(100).collect();
        // Two hyphens would end the mark.
        format!("<!-- evalctl:{} -->", name.replace("--", "-."))
    }

    /// Writes a report.
    pub fn render(&self, report: &GateReport) -> String {
        let mark = if self.marked { Self::mark(&report.dataset.name) + "\n" } else { String::new() };
        let head = format!("{mark}### {}\n{}", neutral(&cut(&report.headline, 300)), checks(report));
        let foot = format!("\n{}\n{}", neutral(&last(report)), self.foot(report));
        let mut body = String::new();
        let room = |body: &str| self.most_bytes.saturating_sub(head.len() + foot.len() + body.len());
        for part in [notes(report), categories(report), differs(report)] {
            if part.len() <= room(&body) {
                body += &part;
            }
        }
        body += &self.list(report, room(&body));
        head + &body + &foot
    }

    fn foot(&self, report: &GateReport) -> String {
        let mut foot = format!("\n<sub>{}</sub>\n", neutral(&basis(report)));
        let page = self.link("", "").map(|link| format!("[Report]({link})"));
        let command =
            self.reproduce.as_ref().map(|command| format!("reproduce: <code>{}</code>", pasteable(&cut(command, 500))));
        let links: Vec<String> = page.into_iter().chain(command).collect();
        if !links.is_empty() {
            foot += &format!("\n{}\n", links.join(" · "));
        }
        foot
    }

    /// The address of the page, with this query where it has a value.
    fn link(&self, query: &str, value: &str) -> Option<String> {
        let page = self.page.as_ref().filter(|page| {
            let plain = |byte: u8| byte.is_ascii_graphic() && !b"()<>\"'`\\|[]".contains(&byte);
            (page.starts_with("https://") || page.starts_with("http://"))
                && page.len() < 2_000
                && page.bytes().all(plain)
        })?;
        Some(if query.is_empty() { page.clone() } else { format!("{page}?{query}={}", url_part(value)) })
    }

    /// The regressions, as many as there is room for.
    fn list(&self, report: &GateReport, room: usize) -> String {
        let regressed = report.questions.iter().filter(|question| question.change == Change::Regressed);
        let rows: Vec<String> = regressed.take(self.regressions).map(|question| self.row(question)).collect();
        let frame = |n: usize| {
            format!("\n<details><summary>First {n} of {} regressions</summary>\n\n", report.changes.regressed)
                + "| Question | Category | Asked | Before → now |\n|---|---|---|---|\n"
        };
        let end = "\n</details>\n";
        let mut left = room.saturating_sub(frame(rows.len()).len() + end.len());
        let mut kept = Vec::new();
        for row in rows.iter().take_while(|row| {
            let fits = row.len() <= left;
            left = left.saturating_sub(row.len());
            fits
        }) {
            kept.push(row.as_str());
        }
        if kept.is_empty() { String::new() } else { frame(kept.len()) + &kept.concat() + end }
    }

    fn row(&self, question: &QuestionChange) -> String {
        let id = neutral(&cut(&question.id, LONGEST));
        let id =
            self.link("q", &cut(&question.id, LONGEST)).map_or_else(|| id.clone(), |link| format!("[{id}]({link})"));
        let text = question.text.as_deref().map_or_else(String::new, |text| neutral(&cut(text, LONGEST)));
        let category = neutral(&cut(&question.category, LONGEST));
        format!("| {id} | {category} | {text} | {} → {} |\n", question.before, question.now)
    }
}

fn checks(report: &GateReport) -> String {
    let level = report.checks.iter().find_map(|check| check.level);
    let interval = level.map_or_else(|| "Interval".to_owned(), interval_of);
    let mut listed: Vec<&Check> = report.checks.iter().collect();
    if listed.len() > MOST_CHECKS {
        listed.sort_by_key(|check| check.outcome == CheckOutcome::Pass);
    }
    let rows: String = listed.iter().take(MOST_CHECKS).map(|check| row(check)).collect();
    let more = listed.len().saturating_sub(MOST_CHECKS);
    let more = if more > 0 { format!("\n… and {more} more checks.\n") } else { String::new() };
    let why: String =
        report.obstacles.iter().take(MOST).map(|why| format!("\n- {}", neutral(&cut(why, 400)))).collect();
    let why = if why.is_empty() { why } else { format!("\nNothing can be decided:\n{why}\n") };
    format!("\n| Check | Limit | Measured | {interval} | |\n|---|--:|--:|--:|---|\n{rows}{more}{why}")
}

fn row(check: &Check) -> String {
    let (measured, outcome) = match check.outcome {
        CheckOutcome::Pass => (check.measured_text(), "ok".to_owned()),
        CheckOutcome::Fail => (format!("**{}**", check.measured_text()), "**fail**".to_owned()),
        CheckOutcome::NotComputable => (check.measured_text(), "not computable".to_owned()),
        CheckOutcome::Underpowered => {
            let needs = check.needs.map_or_else(String::new, |needs| format!(": {}", needs.words()));
            (check.measured_text(), format!("undecided{needs}"))
        }
    };
    let name = neutral(&cut(&check.name, LONGEST));
    format!("| {name} | {} | {measured} | {} | {outcome} |\n", check.limit_text(), check.interval_text())
}

fn notes(report: &GateReport) -> String {
    let mut notes = String::new();
    if report.shared > 0 {
        notes += &format!("\n{} of {} shared questions.", report.changes, report.shared);
        if let Some(mde) = report.minimum_detectable_effect {
            notes += &format!(" They find a drop of {mde:.1} points in 4 of 5 cases.");
        }
        notes.push('\n');
    }
    let warnings = report.warnings.iter().take(MOST);
    notes + &warnings.map(|warning| format!("\n> {}\n", neutral(&cut(warning, 400)))).collect::<String>()
}

/// The categories whose drop is certain when all are considered.
fn categories(report: &GateReport) -> String {
    let certain = report.categories.iter().filter_map(|category| {
        let effect = category.effect.filter(|_| category.p_holm.is_some_and(|p| p < report.gate.alpha))?;
        let name = neutral(&cut(&category.name, LONGEST));
        Some(format!("**{name}** {} ({} to {})", signed(effect.points), signed(effect.low), signed(effect.high)))
    });
    let certain: Vec<String> = certain.take(MOST).collect();
    if certain.is_empty() { String::new() } else { format!("\nCertainly worse: {}.\n", certain.join(", ")) }
}

fn differs(report: &GateReport) -> String {
    let list = report.differs.iter().take(MOST).map(|found| neutral(&difference(found)));
    let list = list.collect::<Vec<_>>().join("; ");
    if list.is_empty() { String::new() } else { format!("\nWhat differs: {list}.\n") }
}

/// A command in an element of code, where nobody is called by a name: what keeps an `@` or a `#` from doing so elsewhere
/// would only break it when it is pasted.
fn pasteable(command: &str) -> String {
    neutral(command).replace(";\u{200b}", ";")
}
