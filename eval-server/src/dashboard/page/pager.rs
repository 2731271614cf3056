//! From page to page of a table.

use askama::Template;
use serde::Serialize;

use crate::dashboard::figures;

/// How many rows a page may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageSize {
    /// Rows.
    pub rows: u32,
    /// The page with so many.
    pub href: String,
    /// Whether it is this one.
    pub current: bool,
}

/// Where a page of a table stands, and where to go from it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Template, Serialize)]
#[template(path = "parts/pager.html")]
pub struct Pager {
    /// The place of its first row, from 1; 0 without rows.
    pub from: u64,
    /// The place of its last row.
    pub to: u64,
    /// How many rows there are; `None` where nobody counted.
    pub total: Option<u64>,
    /// The first page, unless this is it.
    pub first: Option<String>,
    /// The next page, where there is one.
    pub next: Option<String>,
    /// What else a page may hold.
    pub sizes: Vec<PageSize>,
}

impl Pager {
    fn place(&self) -> String {
        match (self.to, self.total) {
            (0, _) => "no rows".to_owned(),
            (to, Some(total)) => format!("{}–{} of {}", self.from, figures::thousands(to), figures::thousands(total)),
            (to, None) => format!("{}–{}", self.from, figures::thousands(to)),
        }
    }
}
