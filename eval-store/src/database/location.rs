//! Where a database is, by its URL.

use std::path::{Path, PathBuf};

use eval_core::StoreError;

/// A place for a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// In the memory of this process.
    Memory,
    /// In a file.
    File(PathBuf),
    /// On a Postgres server; the whole URL.
    Postgres(String),
}

impl Location {
    /// Reads a URL: `sqlite:///eval.db` and `sqlite://eval.db` are relative, `sqlite:////var/eval.db` is absolute, a
    /// bare path is itself.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return match url.split_once(':') {
                Some((scheme, path)) if scheme.eq_ignore_ascii_case("sqlite") => Self::of_path(url, path),
                // SQLite's own form of a URL, which has options that would be part of the name here.
                Some((scheme, path)) if scheme.eq_ignore_ascii_case("file") => {
                    Err(refused(url, format!("SQLite's `file:` is not taken; use sqlite://{path}, or the path alone")))
                }
                _ => Self::of_path(url, url),
            };
        };
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Self::of_path(url, without_slash(rest)),
            name @ ("postgres" | "postgresql") => Ok(Self::Postgres(format!("{name}://{rest}"))),
            _ => Err(refused(
                url,
                format!(
                    "`{scheme}` is no database that is known here; \
                     use sqlite:///eval.db or postgres://user:password@host/database"
                ),
            )),
        }
    }

    fn of_path(url: &str, path: &str) -> Result<Self, StoreError> {
        match path {
            "" => Err(refused(url, "it names no file; use for instance sqlite:///eval.db".to_owned())),
            ":memory:" => Ok(Self::Memory),
            path if path.starts_with("~/") => Err(refused(
                url,
                "`~` is not your home folder here, where no shell has replaced it; write the folder's whole name"
                    .to_owned(),
            )),
            path if path.contains('?') && url.contains("://") => {
                Err(refused(url, "options after `?` are not taken; leave them out".to_owned()))
            }
            path => Ok(Self::File(path.into())),
        }
    }

    /// Refuses a path that cannot hold a database, before SQLite says so in its own few words.
    pub(crate) fn check(&self, url: &str) -> Result<(), StoreError> {
        let Self::File(path) = self else { return Ok(()) };
        if path.is_dir() {
            return Err(refused(url, format!("{} is a folder; name a file in it", path.display())));
        }
        let folder = folder(path);
        if folder.is_dir() {
            return Ok(());
        }
        Err(refused(url, format!("the folder {} does not exist; make it first", folder.display())))
    }

    /// The file, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Memory | Self::Postgres(_) => None,
        }
    }
}

/// SQLAlchemy's third slash stands between host and path, so `sqlite:///eval.db` is relative.
fn without_slash(rest: &str) -> &str {
    rest.strip_prefix('/').unwrap_or(rest)
}

/// The folder that a file stands in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(crate) fn refused(url: &str, reason: String) -> StoreError {
    StoreError::Open { url: public_url(url), reason }
}

/// A database URL fit to be shown: without the user and the password before its host, and without the options after
/// it, which can hold a password too.
pub fn public_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| !scheme.eq_ignore_ascii_case("sqlite"))
    else {
        return url.to_owned();
    };
    // A password may hold an `@` or a `?`, a host may not.
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{}", host.split('?').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_those_of_sqlalchemy() {
        for (url, path) in [
            ("sqlite:///eval.db", "eval.db"),
            ("sqlite://eval.db", "eval.db"),
            ("sqlite:////var/x.db", "/var/x.db"),
            ("sqlite:///./a/b c.db", "./a/b c.db"),
            ("sqlite:eval.db", "eval.db"),
            ("eval.db", "eval.db"),
            ("/var/x.db", "/var/x.db"),
            ("what?.db", "what?.db"),
            ("SQLite:///eval.db", "eval.db"),
            ("SQLITE:eval.db", "eval.db"),
            ("a:b.db", "a:b.db"),
        ] {
            assert_eq!(Location::parse(url).unwrap(), Location::File(path.into()), "{url}");
        }
        for url in [":memory:", "sqlite://:memory:", "sqlite:///:memory:", "sqlite::memory:"] {
            assert_eq!(Location::parse(url).unwrap(), Location::Memory, "{url}");
        }
    }

    #[test]
    fn other_urls_are_refused_without_their_password() {
        for url in [
            "",
            "sqlite://",
            "sqlite:///",
            "sqlite://a.db?mode=rwc",
            "mysql://u:s3cret@host/db",
            "file:x.db",
            "FILE:x.db?mode=ro",
            "~/x.db",
            "sqlite:///~/x.db",
        ] {
            let error = Location::parse(url).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let upper = Location::parse("POSTGRES://me:S3cret@host/evals").unwrap();
        assert_eq!(upper, Location::Postgres("postgres://me:S3cret@host/evals".to_owned()));
        for url in ["postgres://me:s3cret@host:5432/evals", "postgresql://host/evals?password=s3cret&user=me"] {
            assert_eq!(Location::parse(url).unwrap(), Location::Postgres(url.to_owned()));
            assert!(!public_url(url).contains("s3cret") && public_url(url).contains("/evals"), "{url}");
        }
    }
}
