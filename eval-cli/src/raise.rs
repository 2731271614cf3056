//! The option that raises a cap which a run reached.

use eval_core::{Cap, Caps, Money, Run, RunStatus};

/// The option with twice the cap that one of these runs reached, for instance ` --max-calls 8`; empty where none did.
pub(crate) fn option(runs: &[Run], caps: &Caps) -> String {
    let capped = runs.iter().filter(|run| run.status == RunStatus::Capped);
    let found = capped.filter_map(|run| named(&run.stop.as_ref()?.message, caps)).next();
    found.map_or_else(String::new, |option| format!(" {option}"))
}

/// The option for the cap that a refusal names, in the words of [`Cap::refuses`].
fn named(why: &str, caps: &Caps) -> Option<String> {
    let (_, of) = why.split_once("the cap of the ")?;
    let (cap, of_whom, per) = match of.split([' ', ',']).next()? {
        "run" => (caps.run, "", ""),
        "model" => (caps.model, "model-", ""),
        "judge" => (caps.judge, "judge-", ""),
        "day" => (caps.day, "", "-per-day"),
        _ => return None,
    };
    let (what, twice) = twice(of, cap)?;
    Some(format!("--max-{of_whom}{what}{per} {twice}"))
}

fn twice(why: &str, cap: Cap) -> Option<(&'static str, String)> {
    let is_over = |words: String| why.contains(&words);
    if let Some(calls) = cap.calls.filter(|calls| is_over(format!(", {calls} calls: "))) {
        return Some(("calls", calls.saturating_mul(2).to_string()));
    }
    if let Some(tokens) = cap.tokens.filter(|tokens| is_over(format!(", {tokens} tokens: "))) {
        return Some(("tokens", tokens.saturating_mul(2).to_string()));
    }
    let cost = cap.cost.filter(|cost| is_over(format!(", {cost}: ")))?;
    let twice = Money::from_nanos(cost.nanos().saturating_mul(2));
    Some(("cost", twice.to_string().trim_start_matches('$').to_owned()))
}
