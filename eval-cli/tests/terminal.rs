//! What a user sees on odd terminals: nothing may panic, nothing may end up on the wrong stream.

mod common;

use common::{evalctl, fresh};

/// Locale, time zone, width, TERM and missing streams are the user's; a panic is ours.
#[test]
fn f57_odd_terminals_locales_and_time_zones_never_panic() {
    let folder = fresh();
    let demo = evalctl(&folder).args(["demo", "--epochs", "1"]).output().unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    for (name, value) in [
        ("TERM", "dumb"),
        ("TERM", ""),
        ("COLUMNS", "20"),
        ("COLUMNS", "1"),
        ("COLUMNS", "0"),
        ("COLUMNS", "nonsense"),
        ("LC_ALL", "tr_TR.ISO-8859-9"),
        ("LC_ALL", "C"),
        ("LANG", "xx_YY.UTF-8"),
        ("TZ", "Asia/Kathmandu"),
        ("TZ", "Nowhere/Never"),
        ("NO_COLOR", "1"),
        ("CLICOLOR_FORCE", "1"),
        ("CI", "true"),
        ("HOME", "/nonexistent"),
    ] {
        for verb in [&["runs"][..], &["models"], &["show"], &["--help"], &["run", "--help"], &["config", "show"]] {
            let database = ["--database-url", "sqlite://eval-demo.db"];
            let output = evalctl(&folder).args(verb).args(database).env(name, value).output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{verb:?} with {name}={value}: {stderr}");
            assert!(!output.stdout.is_empty(), "{verb:?} with {name}={value}");
        }
    }
}

#[cfg(unix)]
#[test]
fn f57_a_closed_stdout_is_no_panic() {
    let folder = fresh();
    assert!(evalctl(&folder).args(["demo", "--epochs", "1"]).output().unwrap().status.success());
    // `>&-` closes stdout; `| true` leaves it open until the reader is gone.
    let program = env!("CARGO_BIN_EXE_evalctl");
    for line in [
        format!("{program} show --database-url sqlite://eval-demo.db >&-"),
        format!("{program} show --database-url sqlite://eval-demo.db | true"),
        format!("{program} models --database-url sqlite://eval-demo.db 2>&- >/dev/null"),
        format!("{program} demo --epochs 1 </dev/null >&- 2>&-"),
    ] {
        let output = common::clean(std::process::Command::new("sh"), &folder).args(["-c", &line]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{line}: {stderr}");
        assert_ne!(output.status.code(), Some(101), "{line}");
    }
}

#[test]
fn results_go_to_stdout_and_everything_else_to_stderr() {
    let folder = fresh();
    let output = evalctl(&folder).args(["demo", "--epochs", "1", "--json"]).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "evalctl.run/1");
    assert!(document["runs"].as_array().unwrap().iter().all(|run| run["provenance"]["simulated"] == true));

    let quiet = evalctl(&folder).args(["demo", "--epochs", "1", "--quiet"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&quiet.stderr), "");
    assert!(!quiet.stdout.contains(&0x1b), "no colours in a pipe");
}

#[test]
fn jsonl_streams_the_events_without_gaps() {
    let folder = fresh();
    let output = evalctl(&folder).args(["demo", "--epochs", "1", "--format", "jsonl"]).output().unwrap();
    let mut next = std::collections::HashMap::<String, u64>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let expected = next.entry(event["run"].as_str().unwrap().to_owned()).or_default();
        assert_eq!(event["seq"], *expected);
        *expected += 1;
    }
    assert!(next.len() > 1 && next.values().all(|count| *count == 2 + 2 * 50), "{next:?}");
}
