//! The command that decides again.

use eval_core::Run;

use crate::args::{GateArgs, OnInconclusive};

/// The command that decides again, whichever run is the latest by then.
pub(super) fn command(args: &GateArgs, run: &Run) -> String {
    let limits = &args.limits;
    let mut words =
        vec![format!("evalctl gate {} --vs {} --margin {}", run.id.short(), quoted(&args.vs), limits.margin)];
    words.extend(limits.min_accuracy.map(|percent| format!("--min-accuracy {percent}")));
    words.extend(limits.max_cost.map(|cost| format!("--max-cost {}", cost.usd())));
    words.extend(limits.max_p95.map(|ms| format!("--max-p95 {ms}ms")));
    words.push(format!("--max-error-share {}", limits.max_error_share));
    words.extend(limits.categories.iter().map(|(name, points)| {
        format!("--category {}", quoted(&format!("{name}={}", points.unwrap_or(limits.margin))))
    }));
    words.extend((args.allow_cached || args.fresh.taping.replay.is_some()).then(|| "--allow-cached".to_owned()));
    words.extend(limits.errors_as_failures.then(|| "--errors-as-failures".to_owned()));
    words.push(match limits.on_inconclusive {
        OnInconclusive::Warn => "--on-inconclusive warn".to_owned(),
        OnInconclusive::Fail => "--on-inconclusive fail".to_owned(),
        OnInconclusive::Rerun => "--on-inconclusive rerun".to_owned(),
    });
    words.join(" ")
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@~:=._-/".contains(&byte);
    if word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
