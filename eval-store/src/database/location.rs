//! Where a database is, by its URL.

use std::path::{Path, PathBuf};

use eval_core::StoreError;

/// A place for an SQLite database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// In the memory of this process.
    Memory,
    /// In a file.
    File(PathBuf),
}

impl Location {
    /// Reads a URL: `sqlite:///eval.db` and `sqlite://eval.db` are relative, `sqlite:////var/eval.db` is absolute, a
    /// bare path is itself.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Self::of_path(url, url.strip_prefix("sqlite:").unwrap_or(url));
        };
        match scheme {
            "sqlite" => Self::of_path(url, without_slash(rest)),
            "postgres" | "postgresql" => {
                Err(refused(url, "this build opens SQLite only; use a path or sqlite:///eval.db".to_owned()))
            }
            _ => Err(refused(url, format!("`{scheme}` is no database that is known here; use sqlite:///eval.db"))),
        }
    }

    fn of_path(url: &str, path: &str) -> Result<Self, StoreError> {
        match path {
            "" => Err(refused(url, "it names no file; use for instance sqlite:///eval.db".to_owned())),
            ":memory:" => Ok(Self::Memory),
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
            Self::Memory => None,
            Self::File(path) => Some(path),
        }
    }

    /// What SQLite opens. A URI, so that no path is taken for an option and a missing file is made only by `create`.
    pub(crate) fn uri(&self, create: bool) -> Option<String> {
        let Self::File(path) = self else { return create.then(|| ":memory:".to_owned()) };
        let path = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        // A relative path with a colon or two slashes in front would be read as something else.
        let here = if path.starts_with('/') { "//" } else { "./" };
        Some(format!("file:{here}{path}?mode={}", if create { "rwc" } else { "rw" }))
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

/// A database URL fit to be shown: without the user and the password before its host.
pub fn public_url(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, rest)) if scheme != "sqlite" => format!("{scheme}://{rest}"),
        _ => url.to_owned(),
    }
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
        ] {
            assert_eq!(Location::parse(url).unwrap(), Location::File(path.into()), "{url}");
        }
        for url in [":memory:", "sqlite://:memory:", "sqlite:///:memory:", "sqlite::memory:"] {
            assert_eq!(Location::parse(url).unwrap(), Location::Memory, "{url}");
        }
    }

    #[test]
    fn other_urls_are_refused_without_their_password() {
        for url in ["", "sqlite://", "sqlite:///", "sqlite://a.db?mode=rwc", "mysql://u:s3cret@host/db"] {
            let error = Location::parse(url).unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let error = Location::parse("postgres://me:s3cret@host:5432/evals").unwrap_err().to_string();
        assert!(error.contains("postgres://host:5432/evals: this build opens SQLite only"), "{error}");
    }

    #[test]
    fn uris_take_every_path_for_a_path() {
        let uri = |path: &str| Location::File(path.into()).uri(false).unwrap();
        assert_eq!(uri("/a?b#c%d.db"), "file:///a%3fb%23c%25d.db?mode=rw");
        assert_eq!(uri("file:x.db"), "file:./file:x.db?mode=rw");
    }
}
