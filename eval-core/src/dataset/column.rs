//! Which column or key of a file is which field of a sample.

use std::fmt;

use super::input::At;
use super::nearest::nearest;
use crate::DatasetError;

/// A field of a sample that has a column of its own. All other columns are metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Category,
    Question,
    Expected,
    Messages,
}

use Field::{Category, Expected, Id, Messages, Question};

/// Every name that a field goes by; ours comes first, the others are those of other tools.
const NAMES: [(Field, &[&str]); 5] = [
    (Id, &["id", "question_id"]),
    (Category, &["category", "__metadata:category", "metadata.category"]),
    (Question, &["question", "input", "prompt", "vars.question"]),
    (Expected, &["expected_output", "target", "expected", "ideal", "reference", "answer", "expectedOutput"]),
    (Messages, &["messages"]),
];

/// Columns that would change what is asked, and that no part of the harness understands yet.
const REFUSED: [&str; 3] = ["images", "image_url", "tools"];

/// Columns of promptfoo that are kept as they are, assertions apart.
const PROMPTFOO: [&str; 5] = ["__description", "__prefix", "__suffix", "__metric", "__threshold"];

/// Metadata that changes how a question is asked or judged.
const MEANINGS: [&str; 3] = ["system", "context", "judge"];

impl Field {
    /// The field of a column, whatever the case and the spaces around its name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = name.trim();
        let names_it = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        NAMES.iter().find(|(_, names)| names_it(names)).map(|(field, _)| *field)
    }

    fn names(self) -> &'static [&'static str] {
        NAMES.iter().find(|(field, _)| *field == self).map_or(&[], |(_, names)| names)
    }

    /// For instance ``a column `question` (or input, prompt, vars.question)``.
    fn described(self) -> String {
        match self.names() {
            [ours, others @ ..] if !others.is_empty() => format!("a column `{ours}` (or {})", others.join(", ")),
            names => format!("a column `{}`", names.concat()),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names().first().copied().unwrap_or_default())
    }
}

/// Refuses a column that must not be kept as mere metadata: doing so would quietly ask something else.
pub(super) fn refuse(file: &str, name: &str, at: At) -> Result<(), DatasetError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(at
            .error(file, "a column has no name")
            .expected("a name for every column", "an empty name")
            .hint("name the column, or remove it: often a comma too many, or the row numbers that pandas writes without index=False"));
    }
    if name.starts_with("__") && kept_as(name).is_none() {
        return Err(at
            .error(file, format!("the column `{name}` of promptfoo is not read"))
            .expected(
                "__expected, __expected1 …, __description, __prefix, __suffix, __metric, __threshold, __metadata:KEY or \
                 __config:__expected1:threshold",
                format!("`{name}`"),
            )
            .hint("remove the column; answers that are there already are scored by -m column:NAME, under a name without __"));
    }
    if REFUSED.iter().any(|refused| refused.eq_ignore_ascii_case(name)) {
        return Err(at
            .error(file, format!("the column `{name}` is not supported"))
            .expected("questions in text alone", format!("a column `{name}`"))
            .hint("remove the column; without it the model would be asked something else, so it is not ignored"));
    }
    Ok(())
}

/// What a column is kept as in the metadata: under its own name, and one of promptfoo's columns `__metadata:KEY` as `KEY`.
/// `None` for a column of promptfoo that is not read.
pub(super) fn kept_as(name: &str) -> Option<&str> {
    let name = name.trim();
    if !name.starts_with("__") || is_assertion(name) || PROMPTFOO.contains(&name) {
        return Some(name);
    }
    if let Some(key) = name.strip_prefix("__metadata:").map(|key| key.trim_end_matches("[]").trim()) {
        // What a column of that name would change stays out of its way.
        let has_meaning = Field::of(key).is_some() || MEANINGS.contains(&key);
        return (!key.is_empty()).then_some(if has_meaning { name } else { key });
    }
    let setting = name.strip_prefix("__config:")?.strip_suffix(":threshold")?;
    is_assertion(setting).then_some(name)
}

/// Whether a column holds an assertion of promptfoo: `__expected`, or with a number.
pub(super) fn is_assertion(name: &str) -> bool {
    name.strip_prefix("__expected").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Two columns claim to be one field.
pub(super) fn two_columns(file: &str, field: Field, names: [&str; 2], at: At) -> DatasetError {
    let [first, second] = names;
    let (first, second) = (first.trim(), second.trim());
    at.error(file, format!("two columns for `{field}`: `{first}` and `{second}`"))
        .expected(format!("one column for `{field}`"), format!("`{first}` and `{second}`"))
        .hint("rename or remove one of them")
}

/// The same name twice.
pub(super) fn repeated(file: &str, name: &str, at: At) -> DatasetError {
    let name = name.trim();
    at.error(file, format!("the column `{name}` stands twice"))
        .expected("every column once", format!("`{name}` again"))
        .hint("rename or remove one of them")
}

/// A field that every data set must have is not among these columns.
pub(super) fn missing(file: &str, field: Field, names: &[&str], at: At) -> DatasetError {
    let close = field.names().iter().find_map(|ours| {
        let free = names.iter().filter(|name| Field::of(name).is_none());
        nearest(ours, free.copied()).map(|found| (found.trim(), ours))
    });
    let expected = match field {
        Question => format!("{}, or `messages`", field.described()),
        _ => field.described(),
    };
    let hint = match close {
        Some((found, ours)) => format!("did you mean `{ours}` instead of `{found}`?"),
        None => format!("name the column `{field}`; the columns stand in the first line of a CSV file"),
    };
    at.error(file, format!("no column `{field}`")).expected(expected, listed(names)).hint(hint)
}

fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| name.trim()).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_found_in_any_case() {
        for (name, field) in [
            ("question_id", Id),
            (" Question ", Question),
            ("vars.question", Question),
            ("__metadata:category", Category),
            ("EXPECTEDOUTPUT", Expected),
            ("messages", Messages),
        ] {
            assert_eq!(Field::of(name), Some(field), "{name}");
        }
        assert_eq!(Field::of("context"), None);
    }

    #[test]
    fn columns_of_promptfoo_are_kept_or_refused() {
        for (name, kept) in [
            ("note", Some("note")),
            ("__expected", Some("__expected")),
            (" __expected12 ", Some("__expected12")),
            ("__expectedX", None),
            ("__prefix", Some("__prefix")),
            ("__metadata:team", Some("team")),
            ("__metadata:tags[]", Some("tags")),
            ("__metadata:judge", Some("__metadata:judge")),
            ("__metadata:question", Some("__metadata:question")),
            ("__metadata:", None),
            ("__metadata", None),
            ("__config:__expected:threshold", Some("__config:__expected:threshold")),
            ("__config:__expected2:provider", None),
            ("__config:x:threshold", None),
            ("__providerOutput", None),
        ] {
            assert_eq!(kept_as(name), kept, "{name}");
            assert_eq!(refuse("f", name, At::line(1)).is_ok(), kept.is_some(), "{name}");
        }
    }
}
