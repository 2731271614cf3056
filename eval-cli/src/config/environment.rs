//! Variables of the environment, and of a `.env` file below it.

use std::collections::HashMap;
use std::path::Path;

use super::Origin;
use crate::failure::Failure;

/// Variables of the environment and of a `.env` in the working folder.
///
/// The file does not change the environment of the process: it is only looked at after it.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    variables: HashMap<String, String>,
    dotenv: HashMap<String, String>,
}

impl Environment {
    /// Reads both.
    pub(crate) fn load() -> Result<Self, Failure> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Self { variables, dotenv: read_dotenv(Path::new(".env"))? })
    }

    /// The first of these variables that is set and not blank: those of the environment, then those of `.env`.
    pub(crate) fn find(&self, names: &[&str]) -> Option<(String, Origin)> {
        let look = |variables: &HashMap<String, String>, origin: fn(String) -> Origin| {
            names.iter().find_map(|name| {
                let value = variables.get(*name).filter(|value| !value.trim().is_empty())?;
                Some((value.clone(), origin((*name).to_owned())))
            })
        };
        look(&self.variables, Origin::Variable).or_else(|| look(&self.dotenv, Origin::Dotenv))
    }

    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)], dotenv: &[(&str, &str)]) -> Self {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self { variables: map(variables), dotenv: map(dotenv) }
    }
}

fn read_dotenv(path: &Path) -> Result<HashMap<String, String>, Failure> {
    if !path.is_file() {
        return Ok(HashMap::new());
    }
    let refuse = |error: dotenvy::Error| {
        // The line may hold a key: say where it is wrong, not what it says.
        let place = match error {
            dotenvy::Error::LineParse(_, at) => format!("a line cannot be read, near its character {at}"),
            other => other.to_string(),
        };
        Failure::usage(format!("cannot read .env: {place}")).hint("each line is NAME=value; quote values with spaces")
    };
    let variables = dotenvy::from_path_iter(path).map_err(refuse)?;
    variables.map(|variable| variable.map_err(refuse)).collect()
}
