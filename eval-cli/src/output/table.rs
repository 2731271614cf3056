//! Tables for people.

use eval_drift::neutral::markdown as neutral;
use unicode_width::UnicodeWidthStr as _;

use super::{BOLD, shorten};

/// Which side a column leans to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table with a head. Numbers are never cut; when the terminal is too narrow, the widest left-aligned column gives
/// way.
#[derive(Debug)]
pub(crate) struct Table {
    heads: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

const GAP: usize = 2;
const NARROWEST: usize = 6;

impl Table {
    /// A table with these columns.
    pub(crate) fn new(heads: impl IntoIterator<Item = (&'static str, Align)>) -> Self {
        Self { heads: heads.into_iter().collect(), rows: Vec::new() }
    }

    /// One more row: as many cells as there are columns, each a single line.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.heads.len(), String::new());
        self.rows.push(cells);
    }

    /// The lines, indented by two spaces, within so many columns where that is possible.
    pub(crate) fn render(&self, columns: Option<usize>) -> String {
        let widths = self.widths(columns);
        let heads = self.heads.iter().map(|(head, _)| (*head).to_owned()).collect::<Vec<_>>();
        let mut lines = vec![format!("{BOLD}{}{BOLD:#}", self.line(&heads, &widths))];
        lines.extend(self.rows.iter().map(|row| self.line(row, &widths)));
        lines.join("\n")
    }

    /// The same as Markdown, with cells that are shown and not obeyed.
    pub(crate) fn markdown(&self) -> String {
        let side = |align: &Align| if *align == Align::Left { "---|" } else { "--:|" };
        let heads: Vec<&str> = self.heads.iter().map(|(head, _)| *head).collect();
        let sides: String = self.heads.iter().map(|(_, align)| side(align)).collect();
        let mut text = format!("| {} |\n|{sides}\n", heads.join(" | "));
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| neutral(cell)).collect();
            text += &format!("| {} |\n", cells.join(" | "));
        }
        text
    }

    fn widths(&self, columns: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self.heads.iter().map(|(head, _)| head.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let Some(columns) = columns else { return widths };
        while widths.iter().sum::<usize>() + GAP * widths.len() > columns {
            let left = widths.iter_mut().zip(&self.heads).filter(|(_, (_, align))| *align == Align::Left);
            match left.map(|(width, _)| width).max() {
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => break,
            }
        }
        widths
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.iter().zip(widths).zip(&self.heads) {
            let cell = if *align == Align::Left { shorten(cell, *width) } else { cell.clone() };
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            line.push_str(&" ".repeat(GAP));
            match align {
                Align::Left => line.extend([cell, pad]),
                Align::Right => line.extend([pad, cell]),
            }
        }
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([("model", Align::Left), ("n", Align::Right)]);
        table.row(["claude-sonnet-4-5".into(), "50".into()]);
        table.row(["gpt".into(), "1,000".into()]);
        table
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn columns_line_up() {
        let lines = plain(&table().render(None));
        assert_eq!(lines, "  model                  n\n  claude-sonnet-4-5     50\n  gpt                1,000");
    }

    #[test]
    fn a_table_is_markdown_too() {
        assert!(table().markdown().starts_with("| model | n |\n|---|--:|\n| claude-sonnet-4-5 | 50 |\n"));
        let mut table = table();
        table.row(["a|b".into(), "1".into()]);
        assert!(table.markdown().ends_with("| a&#124;b | 1 |\n"));
    }

    #[test]
    fn names_give_way_and_numbers_never() {
        let lines = plain(&table().render(Some(20)));
        assert_eq!(lines.lines().nth(1).unwrap(), "  claud…t-4-5     50");
        assert!(plain(&table().render(Some(1))).contains("1,000"));
    }
}
