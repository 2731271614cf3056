//! Commands that a user is told to type: they must do what is said of them when they are pasted into the same shell.

use crate::compose::public_url;
use crate::config::{DEFAULT_CONFIG, DEFAULT_DATABASE, Origin, Setting, Settings};
use crate::output::clean;

/// `evalctl WORDS`, with the flags that lead to the same database.
pub(crate) fn command(settings: &Settings, words: &str) -> String {
    join(words, config(&settings.database_url.origin).into_iter().chain(database(settings)))
}

/// The same for a command that asks models too: with the flags that lead to the same endpoint.
pub(crate) fn asking(settings: &Settings, words: &str) -> String {
    let config = config(&settings.database_url.origin).or_else(|| config(&settings.base_url.origin));
    let endpoint = flag("--base-url", &settings.base_url);
    join(words, config.into_iter().chain(database(settings)).chain(endpoint))
}

/// What must be known beside a printed command: a password is not printed.
pub(crate) fn beside(settings: &Settings) -> Option<String> {
    let url = &settings.database_url.value;
    (is_named(settings) && is_secret(url)).then(|| {
        format!("where DATABASE_URL is the URL of {} as you typed it: its password is not printed", public_url(url))
    })
}

/// A word as a shell takes it for one, whatever is in it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&byte);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", clean(word).replace('\'', r"'\''")),
    }
}

fn join(words: &str, flags: impl Iterator<Item = String>) -> String {
    flags.fold(format!("evalctl {words}"), |line, flag| line + " " + &flag)
}

fn database(settings: &Settings) -> Option<String> {
    let url = &settings.database_url.value;
    is_named(settings).then(|| match is_secret(url) {
        true => "--database-url \"$DATABASE_URL\"".to_owned(),
        false => format!("--database-url {}", quoted(url)),
    })
}

/// Whether the database is one that a command finds only when it is told: named by a flag, or the demo's own.
fn is_named(settings: &Settings) -> bool {
    let Setting { value, origin } = &settings.database_url;
    match origin {
        Origin::Flag(_) => true,
        Origin::Default => value != DEFAULT_DATABASE,
        _ => false,
    }
}

fn is_secret(url: &str) -> bool {
    public_url(url) != url
}

fn flag(name: &str, setting: &Setting<Option<String>>) -> Option<String> {
    let value = setting.value.as_ref().filter(|_| matches!(setting.origin, Origin::Flag(_)))?;
    Some(format!("{name} {}", quoted(value)))
}

/// The configuration file, where a value stands in one that is not found by itself.
fn config(origin: &Origin) -> Option<String> {
    match origin {
        Origin::File(path, _) if path.as_os_str() != DEFAULT_CONFIG => {
            Some(format!("--config {}", quoted(&path.to_string_lossy())))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_take_them_apart() {
        for (word, shown) in [
            ("sqlite://a/b.db", "sqlite://a/b.db"),
            ("q-1", "q-1"),
            ("", "''"),
            ("my runs.db", "'my runs.db'"),
            ("it's", r"'it'\''s'"),
            ("~/x.db", "'~/x.db'"),
            ("$HOME", "'$HOME'"),
            ("é", "'é'"),
        ] {
            assert_eq!(quoted(word), shown);
        }
    }
}
