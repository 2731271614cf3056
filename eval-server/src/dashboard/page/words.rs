//! Two answers beside each other.

use askama::Template;
use serde::Serialize;

use super::Badge;
use crate::dashboard::{WordDiff, figures};

/// Two answers to one question, with what differs, and what the judge said to each.
#[derive(Debug, Clone, PartialEq, Eq, Template, Serialize)]
#[template(path = "parts/answers.html")]
pub struct AnswerDiff {
    /// The answers.
    pub diff: WordDiff,
    /// What a person calls the earlier run.
    pub before_title: String,
    /// What a person calls the later run.
    pub now_title: String,
    /// How the earlier answer was graded.
    pub before_badge: Option<Badge>,
    /// How the later answer was graded.
    pub now_badge: Option<Badge>,
    /// What the judge said to the earlier answer.
    pub before_why: Option<String>,
    /// What the judge said to the later answer.
    pub now_why: Option<String>,
    /// Where all of a long answer is shown.
    pub full: Option<String>,
}

impl AnswerDiff {
    fn left_out(&self, bytes: &usize) -> String {
        format!("{} more bytes are not shown.", figures::thousands(*bytes as u64))
    }
}
