//! What `git` knows of the working folder.

use std::process::{Command, Stdio};

/// The commit that is checked out and whether the folder has changes, as far as `git` can tell.
///
/// `GIT_COMMIT` and `GITHUB_SHA` come first: a build machine may have no history at all.
pub(crate) fn provenance() -> (Option<String>, Option<bool>) {
    let said = ["GIT_COMMIT", "GITHUB_SHA"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let commit = said.or_else(|| git(&["rev-parse", "HEAD"]));
    let dirty = git(&["status", "--porcelain", "--untracked-files=no"]).map(|changes| !changes.is_empty());
    (commit, dirty)
}

/// The commit that a branch, a tag, `HEAD~1` or the first digits of a commit mean here; `None` where `git` knows none.
pub(crate) fn commit(name: &str) -> Option<String> {
    git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")])
}

/// Who says so: the user's name as `git` knows it, else that of the account.
pub(crate) fn author() -> String {
    let account = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let named = git(&["config", "user.name"]).filter(|name| !name.is_empty());
    named.or_else(account).filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
