//! The exit codes: one table, one type.

use std::process::ExitCode;

/// How `evalctl` ends. What it prints and this code come from one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or passed.
    Done = 0,
    /// A gate failed, or `drift` found an alarm.
    Failed = 1,
    /// Usage, configuration, data set or database, before any call.
    Usage = 2,
    /// Neither passed nor failed: there is too little to decide by, or nothing.
    Inconclusive = 3,
    /// Provider, network or key.
    Provider = 4,
    /// A cap was reached: what was finished is saved, and the run can go on.
    Capped = 5,
    /// A defect of ours.
    Defect = 70,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
