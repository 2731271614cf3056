//! Where to read on.

use eval_core::{DriftReport, Run};

use super::message::Link;

/// Addresses of pages, under the public address of the server; none where it has none.
#[derive(Debug, Clone, Default)]
pub(super) struct Links(Option<String>);

impl Links {
    pub(super) fn new(public: Option<&str>) -> Self {
        Self(public.map(|public| public.trim_end_matches('/').to_owned()))
    }

    fn link(&self, text: impl Into<String>, path: &str) -> Option<Link> {
        self.0.as_ref().map(|public| Link { text: text.into(), url: format!("{public}{path}") })
    }

    /// The run, and the data set that it stands in.
    pub(super) fn of(&self, run: &Run, report: Option<&DriftReport>) -> Vec<Link> {
        let regressed = report.map_or(0, |report| report.questions.regressed);
        let run_page = match regressed {
            0 => self.link("See the run", &format!("/runs/{}", run.id)),
            1 => self.link("See 1 regression", &format!("/runs/{}?change=regressed", run.id)),
            many => self.link(format!("See {many} regressions"), &format!("/runs/{}?change=regressed", run.id)),
        };
        let overview = self.link("Overview", &format!("/d/{}", percent(&run.dataset.name)));
        run_page.into_iter().chain(overview).collect()
    }

    /// All alerts.
    pub(super) fn alerts(&self) -> Vec<Link> {
        self.link("All alerts", "/alerts").into_iter().collect()
    }
}

/// A segment of a path (RFC 3986, 2.3).
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().take(300).map(encoded).collect()
}
