//! What GitHub does with `action.yml`: reads it, runs its steps with bash, hands outputs on. Every machine is a new one: of
//! an earlier run there is what its steps saved.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use yaml_rust2::Yaml;

use crate::common::clean;
use crate::yaml::{entries, items, parse, root, scalar, text};

/// A checkout, the cache of the repository, and where the interface of GitHub is.
pub(crate) struct Machine {
    pub(crate) folder: TempDir,
    cache: TempDir,
    pub(crate) api: String,
}

/// How a job ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summary: String,
    pub(crate) log: String,
    /// The actions of others that were called.
    pub(crate) used: Vec<String>,
}

impl Ended {
    pub(crate) fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map_or("", String::as_str)
    }
}

/// What happened, as GitHub tells it.
pub(crate) struct Event {
    name: &'static str,
    reference: &'static str,
    body: Value,
    actor: &'static str,
}

impl Event {
    pub(crate) fn push() -> Self {
        Self { name: "push", reference: "refs/heads/main", body: json!({"ref": "refs/heads/main"}), actor: "ada" }
    }

    pub(crate) fn schedule() -> Self {
        Self { name: "schedule", ..Self::push() }
    }

    /// The pull request 12, whose branch is called as the one that it goes to.
    pub(crate) fn pull_request(from: &str) -> Self {
        let head = json!({"ref": "main", "repo": {"full_name": from}});
        let body = json!({"number": 12, "pull_request": {"number": 12, "head": head, "title": "$(touch pwned)"}});
        Self { name: "pull_request", reference: "refs/pull/12/merge", body, actor: "ada" }
    }

    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(crate) fn by(self, actor: &'static str) -> Self {
        Self { actor, ..self }
    }
}

impl Machine {
    pub(crate) fn new(api: &str) -> Self {
        let (folder, cache) = (crate::common::fresh(), crate::common::fresh());
        Self { folder, cache, api: api.to_owned() }
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.path().join(file), text).expect("a file");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A job that checks out and calls the action with these inputs.
    pub(crate) fn job(&self, event: &Event, inputs: &[(&str, &str)]) -> Ended {
        drop(fs::remove_dir_all(self.folder.path().join(".evalctl")));
        let action = parse(&text("action.yml"));
        let mut job = Job {
            machine: self,
            event,
            inputs: BTreeMap::new(),
            steps: BTreeMap::new(),
            files: crate::common::fresh(),
        };
        for (name, input) in entries(&action["inputs"]) {
            job.inputs.insert(name, job.filled(&scalar(&input["default"])));
        }
        job.inputs.insert("evalctl".to_owned(), env!("CARGO_BIN_EXE_evalctl").to_owned());
        for (name, value) in inputs {
            assert!(job.inputs.insert((*name).to_owned(), (*value).to_owned()).is_some(), "{name} is no input");
        }
        let mut ended =
            Ended { code: 0, outputs: BTreeMap::new(), summary: String::new(), log: String::new(), used: Vec::new() };
        for step in items(&action["runs"]["steps"]) {
            job.step(&step, &mut ended);
        }
        ended.summary = fs::read_to_string(job.files.path().join("summary")).unwrap_or_default();
        let outputs = entries(&action["outputs"]);
        ended.outputs =
            outputs.into_iter().map(|(name, output)| (name, job.filled(&scalar(&output["value"])))).collect();
        ended
    }
}

struct Job<'a> {
    machine: &'a Machine,
    event: &'a Event,
    inputs: BTreeMap<String, String>,
    steps: BTreeMap<String, BTreeMap<String, String>>,
    files: TempDir,
}

impl Job<'_> {
    fn step(&mut self, step: &Yaml, ended: &mut Ended) {
        let condition = scalar(&step["if"]);
        let always = condition.contains("always()");
        if (ended.code != 0 && !always) || !condition.split(" && ").all(|part| self.holds(part)) {
            return;
        }
        match scalar(&step["run"]) {
            script if script.is_empty() => self.call(step, ended),
            script => self.script(step, &script, ended),
        }
    }

    /// A comparison with a word, or a condition that always holds.
    fn holds(&self, condition: &str) -> bool {
        if matches!(condition, "" | "always()") {
            return true;
        }
        let (left, equal, right) = match condition.split_once(" != ") {
            Some((left, right)) => (left, false, right),
            None => condition.split_once(" == ").map(|(left, right)| (left, true, right)).expect("a comparison"),
        };
        (self.value(left) == right.trim_matches('\'')) == equal
    }

    /// The value of `inputs.x`, `steps.x.outputs.y` and the like.
    fn value(&self, name: &str) -> String {
        if let Some((left, right)) = name.split_once(" != ") {
            return (self.value(left) != right.trim_matches('\'')).to_string();
        }
        match name.split('.').collect::<Vec<_>>()[..] {
            ["inputs", input] => self.inputs.get(input).unwrap_or_else(|| panic!("no input {input}")).clone(),
            ["steps", step, "outputs", output] => {
                self.steps.get(step).and_then(|step| step.get(output)).cloned().unwrap_or_default()
            }
            ["github", "token"] => "stand-in".to_owned(),
            ["runner", "temp"] => self.files.path().display().to_string(),
            ["runner", name] => name.to_owned(),
            _ => panic!("what is {name}?"),
        }
    }

    /// A text with the values of its expressions.
    fn filled(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once("${{ ") else { return text.to_owned() };
        let (name, after) = rest.split_once(" }}").expect("an end");
        format!("{before}{}{}", self.value(name), self.filled(after))
    }

    fn script(&mut self, step: &Yaml, script: &str, ended: &mut Ended) {
        let file = |name: &str| self.files.path().join(name);
        fs::write(file("event.json"), self.event.body.to_string()).expect("a file");
        fs::write(file("output"), "").expect("a file");
        let mut command = clean(Command::new("bash"), &self.machine.folder);
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("GITHUB_ACTION_PATH", root());
        command.envs([("GITHUB_OUTPUT", file("output")), ("GITHUB_STEP_SUMMARY", file("summary"))]);
        command.envs([("GITHUB_EVENT_PATH", file("event.json")), ("RUNNER_TEMP", self.files.path().to_owned())]);
        let event = self.event;
        command.envs([
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", event.name),
            ("GITHUB_REF", event.reference),
            ("GITHUB_ACTOR", event.actor),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("GITHUB_SERVER_URL", "https://github.example"),
            ("GITHUB_API_URL", &self.machine.api),
            ("ACTIONS_RUNTIME_TOKEN", "not for evalctl"),
        ]);
        command.envs(entries(&step["env"]).into_iter().map(|(name, value)| (name, self.filled(&scalar(&value)))));
        let output = command.output().expect("bash");
        ended.log += &(String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr));
        if ended.code == 0 {
            ended.code = output.status.code().expect("an exit code");
        }
        let said = fs::read_to_string(file("output")).expect("a file");
        let said = said.lines().map(|line| line.split_once('=').expect("name=value"));
        let said = said.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.steps.insert(scalar(&step["id"]), said);
    }

    /// The cache, which is all that the action calls of others.
    fn call(&self, step: &Yaml, ended: &mut Ended) {
        let uses = scalar(&step["uses"]);
        let uses = uses.split('@').next().unwrap_or_default();
        ended.used.push(uses.to_owned());
        let (here, kept) =
            (self.machine.folder.path().join(self.filled(&scalar(&step["with"]["path"]))), self.machine.cache.path());
        match uses {
            "actions/cache/restore" => copy(kept, &here),
            "actions/cache/save" => copy(&here, kept),
            other => panic!("{other} is not simulated"),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a file");
    }
}
