//! `evalctl.toml`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use eval_server::plain_expected;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::alerts::AlertTable;
use super::caps::CapTable;
use super::schedules::ScheduleTables;
use super::server::{Jobs, Server};
use super::webhooks::WebhookTable;
use crate::args::Profile;
use crate::failure::{Failure, did_you_mean};

/// The name that is looked for in the working folder.
pub(crate) const DEFAULT_CONFIG: &str = "evalctl.toml";

/// A configuration file that was read.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    text: String,
    pub(crate) values: Values,
}

/// What can stand in the file. Every key is optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Values {
    pub(crate) dataset: Option<Spanned<PathBuf>>,
    pub(crate) models: Option<Spanned<Vec<String>>>,
    pub(crate) judges: Option<Spanned<Vec<String>>>,
    pub(crate) prompt: Option<Spanned<PathBuf>>,
    pub(crate) system: Option<Spanned<PathBuf>>,
    pub(crate) rubric: Option<Spanned<PathBuf>>,
    pub(crate) params: Option<Spanned<BTreeMap<String, Value>>>,
    pub(crate) epochs: Option<Spanned<u32>>,
    pub(crate) threshold: Option<Spanned<f64>>,
    pub(crate) concurrency: Option<Spanned<usize>>,
    pub(crate) base_url: Option<Spanned<String>>,
    pub(crate) profile: Option<Spanned<Profile>>,
    pub(crate) timeout: Option<Spanned<f64>>,
    pub(crate) max_attempts: Option<Spanned<u32>>,
    pub(crate) rpm: Option<Spanned<u64>>,
    pub(crate) tpm: Option<Spanned<u64>>,
    pub(crate) patience: Option<Spanned<f64>>,
    pub(crate) drain: Option<Spanned<f64>>,
    pub(crate) cache: Option<Spanned<PathBuf>>,
    pub(crate) cache_days: Option<Spanned<f64>>,
    pub(crate) anchors: Option<Spanned<String>>,
    pub(crate) database_url: Option<Spanned<String>>,
    pub(crate) json_out: Option<Spanned<PathBuf>>,
    pub(crate) spill: Option<Spanned<PathBuf>>,
    pub(crate) prices: Option<Spanned<PathBuf>>,
    pub(crate) caps: Option<Spanned<CapTable>>,
    pub(crate) alerts: Option<AlertTable>,
    pub(crate) server: Option<Spanned<Server>>,
    pub(crate) jobs: Option<Spanned<Jobs>>,
    pub(crate) webhooks: Option<WebhookTable>,
    pub(crate) schedules: Option<ScheduleTables>,
}

impl ConfigFile {
    /// The file that was named, or the one of the working folder if there is one.
    pub(crate) fn find(named: Option<&Path>) -> Result<Option<Self>, Failure> {
        let path = named.unwrap_or(Path::new(DEFAULT_CONFIG));
        if named.is_none() && !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        Self::parse(path.to_owned(), text).map(Some)
    }

    /// Reads the text of a file.
    pub(crate) fn parse(path: PathBuf, text: String) -> Result<Self, Failure> {
        match toml::from_str(&text) {
            Ok(values) => Ok(Self { path, text, values }),
            Err(error) => Err(refuse(&path, &text, &error)),
        }
    }

    /// Says what is wrong with a value of the file, and where it stands.
    pub(crate) fn refuse<T>(&self, value: &Spanned<T>, why: impl Display) -> Failure {
        Failure::usage(format!("{}:{}: {why}", self.path.display(), self.line(value.span().start)))
    }

    /// The line, from 1, of a byte of the file.
    pub(crate) fn line(&self, byte: usize) -> usize {
        line(&self.text, byte)
    }
}

fn line(text: &str, byte: usize) -> usize {
    1 + text.as_bytes()[..byte.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}

/// The file, the line with a caret below the place, and the key that was meant.
fn refuse(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let message = plain_expected(error.message().lines().next().unwrap_or("it is not TOML"));
    let Some(span) = error.span() else {
        return Failure::usage(format!("{}: {message}", path.display()));
    };
    let number = line(text, span.start);
    let begin = text[..span.start.min(text.len())].rfind('\n').map_or(0, |at| at + 1);
    let shown = text[begin..].lines().next().unwrap_or_default();
    let column = text[begin..span.start.min(text.len())].chars().count() + 1;
    let caret = " ".repeat(column - 1);
    let place = format!("{}:{number}:{column}: {message}\n  {shown}\n  {caret}^", path.display());
    let failure = Failure::usage(place);
    match unknown_key(error.message()) {
        Some((key, known)) => match did_you_mean(key, known.iter().copied()) {
            Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
            None => failure.hint(format!("known keys: {}", known.join(", "))),
        },
        None => failure,
    }
}

/// The key and the known ones out of "unknown field `x`, expected one of `a`, `b`".
fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = message.strip_prefix("unknown field")?.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        ConfigFile::parse("evalctl.toml".into(), text.into()).err().unwrap().to_string()
    }

    #[test]
    fn f40_unknown_keys_are_refused_with_line_and_suggestion() {
        let error = error("epochs = 3\nconcurency = 8\n");
        assert!(error.starts_with("evalctl.toml:2:1: unknown field `concurency`"), "{error}");
        assert!(error.contains("\n  concurency = 8\n  ^\n"), "{error}");
        assert!(error.ends_with("hint: did you mean `concurrency`?"), "{error}");
        assert!(self::error("colour = 1").contains("hint: known keys: dataset, models"));
    }

    #[test]
    fn f40_wrong_types_are_refused_where_they_stand() {
        let error = error("\n\nepochs = \"three\"");
        assert!(error.starts_with("evalctl.toml:3:10: invalid type"), "{error}");
        assert!(self::error("models = [").starts_with("evalctl.toml:1:"));
    }

    #[test]
    fn f40_tables_are_read_as_strictly_as_the_rest() {
        let cases = [
            ("[server]\nadr = 'x'", "evalctl.toml:2:1: unknown field `adr`", "did you mean `addr`?"),
            ("[sever]\naddr = 'x'", "evalctl.toml:1:2: unknown field `sever`", "did you mean `server`?"),
            ("[server]\naddr = 8080", "evalctl.toml:2:8: invalid type: integer", ""),
            ("[server]\nhosts = 'a'", "evalctl.toml:2:9: invalid type: string", ""),
            ("[server]\npublic_url = 'evals'", "evalctl.toml:2:14: expected http://HOST", ""),
            ("[server]\npublic_url = 'https://me:pw@evals'", "evalctl.toml:2:14: expected http://HOST", ""),
            ("[server]\nsession_hours = 0.0", "evalctl.toml:2:17: expected hours", ""),
            ("[server]\nrequests_per_second = 0", "evalctl.toml:2:23: invalid value: integer `0`", "a whole number"),
            ("[server]\nconnections = 99999999999999999999", "evalctl.toml:2:15: ", ""),
            ("[jobs]\nconcurency = 2", "evalctl.toml:2:1: unknown field `concurency`", "did you mean `concurrency`?"),
            ("[jobs]\nconcurrency = -1", "evalctl.toml:2:15: invalid value", ""),
            ("[jobs]\nlost = 'resum'", "evalctl.toml:2:8: unknown variant `resum`", ""),
            ("[jobs]\nqueue = 'many'", "evalctl.toml:2:9: invalid type: string", ""),
            ("[jobs]\nqueue = 1\n[jobs]\nqueue = 2", "evalctl.toml:3:", ""),
        ];
        for (text, begins, holds) in cases {
            let error = error(text);
            assert!(error.starts_with(begins) && error.contains(holds), "{text}: {error}");
        }
    }
}
