//! What is said when the server is there.

use eval_core::server::Secret;

use crate::command;
use crate::compose::public_url;
use crate::config::Settings;
use crate::datasets::Datasets;
use crate::output::{Console, clean};

/// Where everything is, and what to do next.
pub(super) struct Welcome<'a> {
    pub(super) url: &'a str,
    /// Signs one browser in.
    pub(super) link: &'a str,
    /// The first token, shown here and never again.
    pub(super) token: Option<Secret>,
    pub(super) settings: &'a Settings,
    /// Whether the database was made just now.
    pub(super) is_new: bool,
    pub(super) datasets: &'a Datasets,
}

impl Welcome<'_> {
    /// Says it on stderr.
    pub(super) fn tell(self, console: &Console) {
        let database = &self.settings.database_url;
        let made = if self.is_new { ", made just now" } else { "" };
        let shown = match &self.token {
            Some(token) => format!("{}  (all rights; shown this once)", token.reveal()),
            None => command::command(self.settings, "token create NAME --scope run"),
        };
        let given = self.token.as_ref().map_or("TOKEN".to_owned(), |token| token.reveal());
        let rows = [
            ("sign in", format!("{}  (once, within ten minutes)", self.link)),
            ("token", shown),
            ("API", format!("{}/docs", self.url)),
            ("database", format!("{} ({}){made}", clean(&public_url(&database.value)), database.origin)),
            ("data sets", self.datasets.names().join(", ")),
            ("try", format!("curl -H 'Authorization: Bearer {given}' {}/api/v1/models", self.url)),
        ];
        console.note(format!("Eval Dashboard is at {}", self.url));
        rows.iter().for_each(|(name, value)| console.note(format!("  {name:<10} {value}")));
        console.note("Ctrl-C ends it; runs that go on are saved, and go on at the next start.");
    }
}
