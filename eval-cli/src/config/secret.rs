//! Secrets of the configuration file: named there, and kept elsewhere.

use std::path::PathBuf;

use secrecy::SecretString;
use toml::Spanned;

use super::{ConfigFile, Environment};
use crate::failure::Failure;

/// The secret of a variable of the environment (`…_env`), or of `.env`, or of a file (`…_file`); `None` when neither is
/// named. What is said of it never repeats it.
pub(super) fn secret(
    env: Option<&Spanned<String>>,
    path: Option<&Spanned<PathBuf>>,
    file: &ConfigFile,
    environment: &Environment,
) -> Result<Option<SecretString>, Failure> {
    match (env, path) {
        (None, None) => Ok(None),
        (Some(env), None) => match environment.find(&[env.get_ref().as_str()]) {
            Some((secret, _)) => Ok(Some(secret.into())),
            None => Err(file.refuse(env, format!("the variable {} is not set", env.get_ref()))),
        },
        (None, Some(path)) => match std::fs::read_to_string(path.get_ref()) {
            Ok(text) => Ok(Some(text.trim().to_owned().into())),
            Err(error) => {
                let name = path.get_ref().display();
                Err(file.refuse(path, format!("cannot read the secret in {name}: {error}")))
            }
        },
        (Some(_), Some(path)) => Err(file.refuse(path, "expected a variable or a file, not both")),
    }
}
