#!/usr/bin/env python3
"""Runs `evalctl gate`, and on demand `evalctl drift`, and hands on what they decided. Never fails by itself: the last
step of the action ends with the exit code, when comment, issue and cache are written."""
import json
import os
import pathlib
import re
import shlex
import subprocess

from event import annotate, flag, mark, name, output, pull_request, refuse, setting, summary, words

RESULTS = "evalctl-results"
KEYS = {"INPUT_API_KEY": "LITELLM_API_KEY", "INPUT_BASE_URL": "LITELLM_BASE_URL", "INPUT_DATABASE_URL": "DATABASE_URL"}
# What counts where gate and drift differ: 1 before 4, 2, 3 and 0.
WORST = [0, 3, 2, 4, 1, 70, 130]
# What becomes of a pull request that gets no secrets.
FORKS = {"skip": 0, "fail": 3}
NOT_ITS_OWN = {"GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}


def main():
    os.chdir(setting("INPUT_WORKING_DIRECTORY") or ".")
    results = pathlib.Path(RESULTS)
    results.mkdir(exist_ok=True)
    for old in results.iterdir():
        old.unlink()
    on_fork = setting("INPUT_ON_FORK") or "skip"
    if on_fork not in FORKS:
        refuse(f"on-fork is `{on_fork}`; it can be {' or '.join(FORKS)}")
    if setting("SKIP") == "true":
        return finish(results, "skipped", FORKS[on_fork], NO_SECRETS)
    environment = program_environment()
    code = baseline(environment) or gate(results, environment)
    document = read(results / "result.json")
    if document is None:
        return finish(results, "error", code or 70, f"evalctl ended with exit code {code}: its log says why.")
    decision, note = document.get("decision") or decided(document), ""
    if code == 3 and makes_baseline(document):
        code, note = 0, "There was no baseline. This run is one from now on, and so it is let through."
    export(results, document, environment)
    forget(document, environment)
    if flag("INPUT_DRIFT"):
        moved = drift(results, environment)
        if moved == 3:
            note += " Drift: no history could be judged yet, or it was the judge that moved; see there."
        elif moved:
            decision = "fail" if moved == 1 else "error"
            code = max(code, moved, key=WORST.index)
    finish(results, decision, code, note.strip())


NO_SECRETS = (
    "This pull request gets no secrets (it is from a fork, or by Dependabot), so no model was asked and **nothing was "
    "decided**. Who may write here can run the gate by hand on its commit, or push it to a branch of this repository."
)


def program_environment():
    """What evalctl may see: everything but tokens that are not for it. Blank inputs are no settings."""
    environment = {key: value for key, value in os.environ.items() if key not in NOT_ITS_OWN and key not in KEYS}
    for source, target in KEYS.items():
        if setting(source):
            environment[target] = setting(source)
    if "DATABASE_URL" not in environment:
        pathlib.Path(".evalctl").mkdir(exist_ok=True)
        environment["DATABASE_URL"] = "sqlite://.evalctl/eval.db"
    # The outputs of the step are written here, from the whole.
    environment.pop("GITHUB_OUTPUT", None)
    return environment


def evalctl(arguments, environment, **more):
    installed = os.path.join(setting("RUNNER_TEMP"), "evalctl", "bin", "evalctl")
    program = setting("INPUT_EVALCTL") or installed
    config = ["--config", setting("INPUT_CONFIG")] if setting("INPUT_CONFIG") else []
    print("$ evalctl " + shlex.join(arguments + config), flush=True)
    try:
        return subprocess.run([program, *arguments, *config], env=environment, check=False, **more)
    except OSError as error:
        return refuse(f"cannot start {program}: {error}")


def baseline(environment):
    """Takes the committed baselines; the exit code."""
    file = setting("INPUT_BASELINE_FILE")
    if not file or not os.path.isfile(file):
        return 0
    return evalctl(["baseline", "import", file], environment).returncode


def gate(results, environment):
    arguments = ["gate", "--run", setting("INPUT_DATASET"), "--vs", setting("INPUT_BASELINE") or "branch:main"]
    models = words("INPUT_MODELS")
    arguments += ["--all-models"] if models == ["all"] else both("-m", models)
    arguments += both("--judge", words("INPUT_JUDGES"))
    questions = setting("INPUT_QUESTIONS")
    arguments += [] if questions in ("", "all") else ["--draw", questions]
    for option in ("DATASET_NAME", "EPOCHS", "MARGIN", "MIN_ACCURACY", "MAX_COST", "MAX_P95", "MAX_ERROR_SHARE"):
        value = setting(f"INPUT_{option}")
        arguments += ["--" + option.lower().replace("_", "-"), value] if value else []
    arguments += ["--on-inconclusive", setting("INPUT_ON_INCONCLUSIVE") or "warn"]
    arguments += both("--tag", tags())
    for report in ("result.json", "summary.md", "junit.xml"):
        arguments += ["--output", str(results / report)]
    return evalctl(arguments + shlex.split(setting("INPUT_ARGS")), environment).returncode


def both(option, values):
    return [part for value in values for part in (option, value)]


def tags():
    """Marks on the runs. Only a push to a branch of this repository makes a run of that branch: the branch of a pull
    request is called as its author likes."""
    request, reference = pull_request(), setting("GITHUB_REF")
    found = [f"event={setting('GITHUB_EVENT_NAME')}"]
    if setting("GITHUB_RUN_ID"):
        found.append(f"ci={setting('GITHUB_RUN_ID')}.{setting('GITHUB_RUN_ATTEMPT')}")
    if request is not None:
        return found + [f"pr={request['number']}"]
    branch = reference.removeprefix("refs/heads/")
    return found + [f"branch={branch}"] if branch != reference else found


def drift(results, environment):
    """Looks at the histories of the data set; the exit code."""
    dataset = setting("INPUT_DATASET_NAME") or pathlib.PurePath(setting("INPUT_DATASET")).stem
    arguments = ["drift", "--dataset", dataset, "--no-summary"]
    with open(results / "drift.json", "wb") as file:
        # What moved is annotated once, by the call below.
        evalctl([*arguments, "--json"], {**environment, "GITHUB_ACTIONS": ""}, stdout=file)
    shown = evalctl([*arguments, "--format", "plain"], environment, stdout=subprocess.PIPE)
    text = shown.stdout.decode("utf-8", "replace")
    print(text, flush=True)
    # A fence longer than any in the text cannot be closed by it.
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    section = f"\n### Drift\n\n{fence}text\n{text}\n{fence}\n"
    summary(section)
    with open(results / "summary.md", "a", encoding="utf-8") as file:
        file.write(section)
    return shown.returncode


def export(results, document, environment):
    """The runs themselves, for whoever keeps the folder."""
    for gate in gates(document):
        run = gate["run"]
        evalctl(["export", run, "-o", str(results / f"{run}.jsonl")], environment)


def forget(document, environment):
    """A run without a baseline that breaks a limit must not be the baseline of the next one."""
    for gate in gates(document):
        if gate["report"]["baseline"] == [] and breaks_a_limit(gate):
            evalctl(["db", "delete", gate["run"], "--yes"], environment, stdout=subprocess.DEVNULL)


def breaks_a_limit(gate):
    return any(check["outcome"] == "fail" for check in gate["report"]["checks"])


def gates(document):
    return document["gates"] if "gates" in document else [document]


def decided(document):
    decision = document["report"]["decision"]
    return decision if isinstance(decision, str) else "inconclusive"


def makes_baseline(document):
    """Whether nothing is missing but a baseline, and this run may become it."""
    alone = all(
        gate["report"]["baseline"] == []
        and len(gate["report"]["obstacles"]) == 1
        and not breaks_a_limit(gate)
        for gate in gates(document)
        if gate["exit_code"] != 0
    )
    whole = all(is_whole(gate["report"]["dataset"]) for gate in gates(document))
    return flag("INPUT_MAKE_BASELINE") and alone and whole and not document.get("undecided") and pull_request() is None


def is_whole(dataset):
    """Whether all questions of a data set were asked."""
    return not any((dataset.get("selection") or {}).values())


def read(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def finish(results, decision, code, note):
    """Writes the report of what evalctl did not report itself, and the outputs."""
    report = results / "summary.md"
    text = report.read_text(encoding="utf-8") if report.exists() else ""
    told = text.startswith("<!--")
    body = text.split("\n", 1)[-1] if told else f"### Gate: {decision}\n"
    if note:
        body = f"{body.rstrip()}\n\n{note}\n"
        summary(note if told else body)
        annotate("warning" if code == 0 else "error", note.replace("*", ""))
    report.write_text(f"{mark(name())}\n{body}", encoding="utf-8")
    folder = os.path.abspath(results)
    output(
        decision=decision,
        exit_code=code,
        failed=str(code != 0).lower(),
        results=folder,
        result_json=os.path.join(folder, "result.json") if (results / "result.json").exists() else "",
        summary=os.path.join(folder, "summary.md"),
    )


if __name__ == "__main__":
    main()
