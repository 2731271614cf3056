//! What callers of a server are told.

use eval_core::RunError;

use crate::failure::Failure;

/// A refusal in the words of a command, without its advice, which is for whoever types commands, and without the folders
/// of this machine.
pub(super) fn fit(failure: Failure) -> RunError {
    tracing::info!(%failure, "runs cannot be made");
    refuse(&without_folders(&failure.into_message()))
}

/// A refusal.
pub(super) fn refuse(why: &str) -> RunError {
    RunError::Config(why.to_owned())
}

/// Paths that begin at the root of a file system, cut down to the names of their files.
fn without_folders(text: &str) -> String {
    let starts = |before: Option<char>| before.is_none_or(|c| c.is_whitespace() || "([{`'\"=:,".contains(c));
    let (mut out, mut rest, mut before) = (String::new(), text, None);
    while let Some(c) = rest.chars().next() {
        let is_root = c == '/' && !rest.starts_with("//") && starts(before);
        let end = rest.find(|c: char| c.is_whitespace() || ")]}`'\"".contains(c)).unwrap_or(rest.len());
        let length = if is_root { end } else { c.len_utf8() };
        let (head, tail) = rest.split_at(length);
        out += if is_root { head.rsplit('/').next().unwrap_or_default() } else { head };
        (before, rest) = (head.chars().next_back(), tail);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s15_folders_of_the_machine_are_left_out() {
        for (text, told) in [
            ("cannot read /etc/evalctl/prompt.txt: no such file", "cannot read prompt.txt: no such file"),
            (
                "cannot reach http://proxy:4000/v1 (/srv/evalctl.toml:3): refused",
                "cannot reach http://proxy:4000/v1 (evalctl.toml:3): refused",
            ),
            ("`/a/b` and '/c/d/e.csv'", "`b` and 'e.csv'"),
            ("simulated:a/b is no model", "simulated:a/b is no model"),
            ("1/2 of é", "1/2 of é"),
        ] {
            assert_eq!(without_folders(text), told);
        }
    }
}
