//! A value and where it comes from.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use eval_core::Caps;
use toml::Spanned;

use super::caps::CapTable;
use super::{ConfigFile, Environment};
use crate::failure::Failure;

/// Where a value comes from, lowest last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of the command.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(String),
    /// A variable of the `.env` file.
    Dotenv(String),
    /// The stored run that goes on.
    Run,
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => f.write_str(name),
            Self::Dotenv(name) => write!(f, "{name} in .env"),
            Self::Run => f.write_str("the run"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T: fmt::Display> Setting<T> {
    /// Says what is wrong with the value and where it stands.
    pub(crate) fn refuse(&self, name: &str, expected: &str) -> Failure {
        Failure::usage(format!("{name} is {} ({}): expected {expected}", self.value, self.origin))
    }
}

/// Where values are looked for, flags aside.
pub(super) struct Sources<'a> {
    pub(super) environment: &'a Environment,
    pub(super) file: Option<&'a ConfigFile>,
    /// The flags whose values are those of a stored run: nobody else is asked for them.
    pub(super) of_run: &'a [&'static str],
}

impl Sources<'_> {
    /// The value of the highest source that has one.
    pub(super) fn pick<T>(
        &self,
        flag: &'static str,
        typed: Option<T>,
        names: &[&str],
        parse: fn(&str) -> Result<T, String>,
        filed: Option<Spanned<T>>,
        default: T,
    ) -> Result<Setting<T>, Failure> {
        let found = self.look(flag, typed, names, parse, filed)?;
        Ok(found.unwrap_or(Setting { value: default, origin: Origin::Default }))
    }

    /// The same for a value that need not be set.
    pub(super) fn optional<T>(
        &self,
        flag: &'static str,
        typed: Option<T>,
        names: &[&str],
        parse: fn(&str) -> Result<T, String>,
        filed: Option<Spanned<T>>,
    ) -> Result<Setting<Option<T>>, Failure> {
        Ok(match self.look(flag, typed, names, parse, filed)? {
            Some(found) => Setting { value: Some(found.value), origin: found.origin },
            None => Setting { value: None, origin: Origin::Default },
        })
    }

    /// The caps that were typed, and where those say nothing the ones of the file.
    pub(super) fn caps(&self, typed: Caps, filed: Option<Spanned<CapTable>>) -> Setting<Caps> {
        let origin = filed
            .as_ref()
            .zip(self.file)
            .map(|(spanned, file)| Origin::File(file.path.clone(), file.line(spanned.span().start)));
        let value = typed.or(filed.map(|table| Caps::from(table.into_inner())).unwrap_or_default());
        let typed = (!typed.is_none()).then_some(Origin::Flag("--max-…"));
        Setting { value, origin: typed.or(origin).unwrap_or(Origin::Default) }
    }

    /// A table that only the file has.
    pub(super) fn table<T: Default>(&self, filed: Option<Spanned<T>>) -> Setting<T> {
        match filed.zip(self.file) {
            Some((spanned, file)) => {
                let origin = Origin::File(file.path.clone(), file.line(spanned.span().start));
                Setting { value: spanned.into_inner(), origin }
            }
            None => Setting { value: T::default(), origin: Origin::Default },
        }
    }

    fn look<T>(
        &self,
        flag: &'static str,
        typed: Option<T>,
        names: &[&str],
        parse: fn(&str) -> Result<T, String>,
        filed: Option<Spanned<T>>,
    ) -> Result<Option<Setting<T>>, Failure> {
        if self.of_run.contains(&flag) {
            return Ok(typed.map(|value| Setting { value, origin: Origin::Run }));
        }
        if let Some(value) = typed {
            return Ok(Some(Setting { value, origin: Origin::Flag(flag) }));
        }
        if let Some((found, origin)) = self.environment.find(names) {
            let refuse = |why| Failure::usage(format!("{origin} is `{found}`: expected {why}"));
            let value = parse(&found).map_err(refuse)?;
            return Ok(Some(Setting { value, origin }));
        }
        Ok(filed.zip(self.file).map(|(spanned, file)| {
            let origin = Origin::File(file.path.clone(), file.line(spanned.span().start));
            Setting { value: spanned.into_inner(), origin }
        }))
    }
}

pub(super) fn text(value: &str) -> Result<String, String> {
    Ok(value.to_owned())
}

pub(super) fn path(value: &str) -> Result<PathBuf, String> {
    Ok(value.into())
}

/// Names separated by commas.
pub(super) fn list(value: &str) -> Result<Vec<String>, String> {
    Ok(value.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

pub(super) fn number<T: FromStr>(value: &str) -> Result<T, String> {
    value.trim().parse().map_err(|_| "a number".into())
}
