//! The scripts of the template for GitLab, run by a shell as GitLab runs them.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use yaml_rust2::Yaml;

use crate::common::{clean, fresh};
use crate::yaml::{entries, items, parse, scalar, text};

/// What a job of the template does.
fn job(folder: &TempDir, template: &Yaml, name: &str) -> Output {
    let lines = items(&template[".evaluation"]["before_script"]).into_iter().chain(items(&template[name]["script"]));
    let script: Vec<String> = lines.map(|line| scalar(&line)).collect();
    let mut command = clean(Command::new("sh"), folder);
    command.args(["-ec", &script.join("\n")]);
    command.envs(entries(&template["variables"]).into_iter().map(|(name, value)| (name, scalar(&value))));
    let program = Path::new(env!("CARGO_BIN_EXE_evalctl")).parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(program).chain(std::env::split_paths(&path))).expect("folders");
    command.env("PATH", path).env("EVAL_MODELS", "simulated:strong simulated:quick");
    command.envs([("CI_DEFAULT_BRANCH", "main"), ("CI_COMMIT_BRANCH", "main"), ("CI_MERGE_REQUEST_IID", "12")]);
    command.output().expect("a shell")
}

#[test]
fn the_template_asks_decides_and_leaves_its_reports() {
    let (folder, template) = (fresh(), parse(&text("docs/ci/gitlab-ci.yml")));
    std::fs::copy(crate::yaml::root().join("eval-core/data/golden.csv"), folder.path().join("golden.csv"))
        .expect("a file");
    let junit = scalar(&template[".evaluation"]["artifacts"]["reports"]["junit"]);
    for (name, code) in [("evaluation-full", 3), ("evaluation-gate", 0), ("evaluation-full", 0)] {
        let output = job(&folder, &template, name);
        let log = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{name}: {log}");
        let report = std::fs::read_to_string(folder.path().join(&junit)).expect("a report");
        assert!(report.contains("simulated:quick: gate"), "{report}");
    }
}
