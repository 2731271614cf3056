//! What a workflow must not do, checked on the action, on the templates and on our own workflow.

use yaml_rust2::Yaml;

use crate::yaml::{entries, items, parse, scalar, text};

const WORKFLOWS: [&str; 3] = [".github/workflows/ci.yml", "docs/ci/quick.yml", "docs/ci/full.yml"];
/// What stands in a template for this repository and a commit of it.
const PLACEHOLDER: &str = "OWNER/REPOSITORY@COMMIT";

/// What is wrong with a step of a workflow or an action.
fn wrong_in_step(step: &Yaml) -> Vec<String> {
    let (run, uses) = (scalar(&step["run"]), scalar(&step["uses"]));
    let mut found = Vec::new();
    if run.contains("${{") {
        found.push(format!("an expression inside of a script: {run}"));
    }
    let pin = uses.split_once('@').map_or("", |(_, pin)| pin);
    let pinned = pin.len() == 40 && pin.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !uses.is_empty() && !pinned && uses != PLACEHOLDER {
        found.push(format!("not pinned by a hash: {uses}"));
    }
    if uses.starts_with("actions/checkout@") && scalar(&step["with"]["persist-credentials"]) != "false" {
        found.push("the checkout leaves its token behind".to_owned());
    }
    if mentions_secret(&step["env"]) || (mentions_secret(&step["with"]) && uses != PLACEHOLDER) {
        found.push("a secret is given to a step other than the evaluation".to_owned());
    }
    found
}

fn mentions_secret(yaml: &Yaml) -> bool {
    entries(yaml).iter().any(|(_, value)| scalar(value).contains("secrets."))
}

/// What is wrong with a workflow.
fn wrong(document: &Yaml) -> Vec<String> {
    let mut found = Vec::new();
    if document["permissions"].as_hash().is_none_or(|granted| !granted.is_empty()) {
        found.push("the workflow does not begin with `permissions: {}`".to_owned());
    }
    let triggers = &document["on"];
    let names = entries(triggers)
        .into_iter()
        .map(|(name, _)| name)
        .chain(items(triggers).into_iter().map(|name| scalar(&name)));
    if names.chain([scalar(triggers)]).any(|name| ["pull_request_target", "workflow_run"].contains(&&*name)) {
        found.push("it runs a stranger's change with the secrets of the repository".to_owned());
    }
    if mentions_secret(&document["env"]) {
        found.push("a secret is given to all jobs".to_owned());
    }
    for (name, job) in entries(&document["jobs"]) {
        let granted = &job["permissions"];
        if granted.as_hash().is_none() {
            found.push(format!("the job {name} does not say what it may"));
        }
        let may = |scope: &str, right: &str| {
            right == "read" || right == "write" && ["pull-requests", "issues"].contains(&scope)
        };
        let excess = entries(granted).into_iter().filter(|(scope, right)| !may(scope, &scalar(right)));
        found.extend(excess.map(|(scope, _)| format!("the job {name} may too much: {scope}")));
        if mentions_secret(&job["env"]) {
            found.push(format!("a secret is given to all steps of {name}"));
        }
        found.extend(items(&job["steps"]).iter().flat_map(wrong_in_step));
    }
    found
}

#[test]
fn s18_workflows_have_no_rights_no_loose_pins_and_no_secrets_for_strangers() {
    for file in WORKFLOWS {
        let document = parse(&text(file));
        assert!(!entries(&document["jobs"]).is_empty(), "{file}");
        assert_eq!(wrong(&document), [""; 0], "{file}");
    }
    let steps = items(&parse(&text("action.yml"))["runs"]["steps"]);
    assert!(steps.len() > 5);
    assert_eq!(steps.iter().flat_map(wrong_in_step).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn s18_each_of_these_rules_can_be_broken() {
    let good = text("docs/ci/quick.yml");
    for (from, to, rule) in [
        ("permissions: {}\n\nconcurrency", "permissions: write-all\n\nconcurrency", "permissions: {}"),
        ("permissions: {}\n\nconcurrency", "concurrency", "permissions: {}"),
        ("  pull_request:", "  pull_request_target:", "stranger's change"),
        ("contents: read", "contents: write", "may too much: contents"),
        ("    permissions: {}\n    steps", "    steps", "does not say what it may"),
        ("@11bd71901bbe5b1630ceea73d27597364c9af683", "@v4", "not pinned"),
        ("persist-credentials: false", "persist-credentials: true", "leaves its token"),
        ("echo \"deploy here\"", "echo ${{ github.event.pull_request.title }}", "inside of a script"),
        ("    outputs:\n", "    env:\n      KEY: ${{ secrets.KEY }}\n    outputs:\n", "all steps of gate"),
        ("jobs:\n", "env:\n  KEY: ${{ secrets.KEY }}\njobs:\n", "all jobs"),
        ("- run: echo", "- env: {KEY: \"${{ secrets.KEY }}\"}\n        run: echo", "other than the evaluation"),
    ] {
        assert!(good.contains(from), "{from}");
        let found = wrong(&parse(&good.replacen(from, to, 1)));
        assert!(found.len() == 1 && found[0].contains(rule), "{rule}: {found:?}");
    }
}

#[test]
fn every_input_is_described_and_has_its_line_in_the_guide() {
    let (action, guide) = (parse(&text("action.yml")), text("docs/ci.md"));
    let script: String =
        ["plan", "evaluate"].iter().map(|name| text(&format!(".github/action/{name}.py"))).collect::<String>();
    for (name, input) in entries(&action["inputs"]) {
        assert!(!scalar(&input["description"]).is_empty(), "{name}");
        assert!(guide.contains(&format!("| `{name}`")), "docs/ci.md does not describe the input {name}");
        let read = name.to_uppercase().replace('-', "_");
        let used = script.contains(&read) || ["github-token", "comment", "issue"].contains(&&*name);
        assert!(used, "no script reads the input {name}");
    }
    for (name, _) in entries(&action["outputs"]) {
        assert!(guide.contains(&format!("| `{name}`")), "docs/ci.md does not describe the output {name}");
    }
    for template in ["docs/ci/quick.yml", "docs/ci/full.yml"] {
        let known: Vec<String> = entries(&action["inputs"]).into_iter().map(|(name, _)| name).collect();
        for (_, job) in entries(&parse(&text(template))["jobs"]) {
            let steps = items(&job["steps"]);
            let given = steps.iter().filter(|step| scalar(&step["uses"]) == PLACEHOLDER);
            for (name, _) in given.flat_map(|step| entries(&step["with"])) {
                assert!(known.contains(&name), "{template}: {name} is no input");
            }
        }
    }
}

#[test]
fn the_program_is_built_with_the_rust_that_it_is_tested_with() {
    let manifest = text("Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("rust-version")).expect("a version");
    let version = line.split('"').nth(1).expect("a version");
    assert!(text("action.yml").contains(&format!("cargo +{version} install --locked")), "{version}");
}
