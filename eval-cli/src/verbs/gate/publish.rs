//! Where the reports go: stdout, files, GitHub. All of them tell the same decisions.

use std::path::{Path, PathBuf};

use eval_drift::{Decision, Inconclusive, junit, text};

use super::document::document;
use super::markdown::markdown;
use super::{Decided, Undecided, github};
use crate::args::{Format, GateArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Console, counted};

/// The decisions about all runs of a gate: at least one.
pub(super) struct Published<'a> {
    pub(super) args: &'a GateArgs,
    pub(super) decided: &'a [Decided],
    pub(super) undecided: &'a [Undecided],
    pub(super) exit: Exit,
}

impl Published<'_> {
    /// Prints the reports as they are wanted, writes those that go into files, and tells GitHub where we are run by it.
    pub(super) fn tell(&self, console: &Console) -> Result<(), Failure> {
        console.print(self.written(console.format)?.trim_end())?;
        for path in &self.args.outputs {
            let report = self.written(format(path)?)?;
            std::fs::write(path, report)
                .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))?;
        }
        github::tell(console, self)
    }

    fn written(&self, format: Format) -> Result<String, Failure> {
        Ok(match format {
            Format::Json | Format::Jsonl => serde_json::to_string_pretty(&document(self))? + "\n",
            Format::Md => markdown(self, true),
            Format::Junit => junit(self.decided.iter().map(|found| &found.report)),
            _ => self.text(),
        })
    }

    fn text(&self) -> String {
        let texts: Vec<String> = self.decided.iter().map(|found| text(&found.report)).collect();
        match self.decided.len() + self.undecided.len() {
            1 => texts.concat(),
            _ => format!("{}\n{}. Exit {}.\n", texts.join("\n"), self.headline(), self.exit as u8),
        }
    }

    /// The worst decision in a word.
    pub(super) fn decision(&self) -> &'static str {
        let any = |wanted: fn(&Decision) -> bool| self.decided.iter().any(|found| wanted(&found.report.decision));
        if any(|decision| *decision == Decision::Fail) {
            "fail"
        } else if self.undecided.is_empty() && !any(|decision| matches!(decision, Decision::Inconclusive(_))) {
            "pass"
        } else {
            "inconclusive"
        }
    }

    /// The worst decision as a sentence.
    pub(super) fn headline(&self) -> String {
        let all = self.decided.len() + self.undecided.len();
        let ended = |wanted: Decision| self.decided.iter().filter(|found| found.report.decision == wanted).count();
        let (failed, small) = (ended(Decision::Fail), ended(Decision::Inconclusive(Inconclusive::Underpowered)));
        let unknown = ended(Decision::Inconclusive(Inconclusive::NotComputable)) + self.undecided.len();
        let models = counted(all as u64, "model");
        match (failed, unknown, small) {
            (0, 0, 0) => format!("Gate passed: all of {models}"),
            (0, 0, small) => format!("Gate undecided: {small} of {models} asked too little"),
            (0, unknown, _) => format!("Gate cannot decide on {unknown} of {models}"),
            (failed, ..) => format!("Gate failed: {failed} of {models}"),
        }
    }
}

/// Refuses files that have no report, and folders that are not there, before anything is paid for.
pub(super) fn check_files(files: &[PathBuf]) -> Result<(), Failure> {
    files.iter().try_for_each(|path| {
        format(path)?;
        match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            Some(folder) => {
                Err(Failure::usage(format!("cannot write {}: there is no folder {}", path.display(), folder.display())))
            }
            None => Ok(()),
        }
    })
}

fn format(path: &Path) -> Result<Format, Failure> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Ok(Format::Json),
        Some("md") => Ok(Format::Md),
        Some("xml") => Ok(Format::Junit),
        Some("txt") => Ok(Format::Plain),
        _ => Err(Failure::usage(format!("{} has no extension that says what report it is", path.display()))
            .hint("end its name in .json, .md, .xml (JUnit) or .txt")),
    }
}
