//! What is said when the server is there.

use std::net::SocketAddr;

use eval_core::server::Secret;
use eval_store::DieselStore;

use crate::command;
use crate::compose::public_url;
use crate::config::Settings;
use crate::datasets::Datasets;
use crate::output::{Console, clean};

/// Where everything is, and what to do next.
pub(super) struct Welcome<'a> {
    pub(super) url: &'a str,
    /// Where it listens.
    pub(super) address: SocketAddr,
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
        let listens = format!("http://{}", self.address);
        console.note(match self.url == listens {
            true => format!("Eval Dashboard is at {listens}"),
            false => format!("Eval Dashboard is at {} and listens at {listens}", self.url),
        });
        rows.iter().for_each(|(name, value)| console.note(format!("  {name:<10} {value}")));
        console.note(match is_in_memory(self.settings) {
            true => "Ctrl-C ends it, and nothing is kept: the database is in memory.",
            false => "Ctrl-C ends it; runs that go on are saved, and go on at the next start.",
        });
    }
}

/// Whether all that is kept is gone with the process.
pub(super) fn is_in_memory(settings: &Settings) -> bool {
    let url = &settings.database_url.value;
    DieselStore::file(url).is_none() && !url.starts_with("postgres")
}
