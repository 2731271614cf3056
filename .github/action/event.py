"""What GitHub tells a step: the inputs, the event, and the files that take outputs, summary and annotations."""
import json
import os
import pathlib
import sys


def setting(name):
    """An input or a variable; blank is none."""
    return os.environ.get(name, "").strip()


def flag(name):
    value = setting(name).lower()
    if value not in ("", "true", "false"):
        refuse(f"{name.removeprefix('INPUT_').lower().replace('_', '-')} is {value!r}: expected true or false")
    return value == "true"


def words(name):
    """A list: one a line, or with commas between."""
    return [word.strip() for word in setting(name).replace(",", "\n").splitlines() if word.strip()]


def refuse(why):
    """Ends with the exit code of a usage error."""
    annotate("error", why)
    sys.exit(2)


def event():
    path = setting("GITHUB_EVENT_PATH")
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8")) if path else {}


def pull_request():
    """The pull request of the event; None for any other event."""
    return event().get("pull_request")


def gets_no_secrets():
    """Whether GitHub keeps secrets and a token that may write from this run."""
    request = pull_request()
    if request is None:
        return False
    head = (request.get("head") or {}).get("repo") or {}
    return head.get("full_name") != setting("GITHUB_REPOSITORY") or setting("GITHUB_ACTOR") == "dependabot[bot]"


def name():
    """What the gate is called: an input, else the data set's name."""
    return setting("INPUT_NAME") or setting("INPUT_DATASET_NAME") or pathlib.PurePath(setting("INPUT_DATASET")).stem


def plain(text):
    """Only what means nothing to a shell, in HTML or in the key of a cache."""
    kept = "".join(letter for letter in text if letter.isascii() and (letter.isalnum() or letter in ".-_"))
    return kept[:100].replace("--", "-.")


def mark(text):
    """The hidden mark by which a comment is found again: as evalctl writes it."""
    return f"<!-- evalctl:{plain(text)} -->"


def annotate(kind, message):
    """A line in the log that GitHub shows beside the run."""
    safe = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{kind} title=evalctl::{safe}", flush=True)


def output(**values):
    """Outputs of the step, a line each."""
    path = setting("GITHUB_OUTPUT")
    lines = [f"{key.replace('_', '-')}={value}" for key, value in values.items()]
    if any("\n" in line or "\r" in line for line in lines):
        refuse("an output with a line break")
    append(path, "".join(line + "\n" for line in lines))


def summary(text):
    append(setting("GITHUB_STEP_SUMMARY"), text + "\n")


def append(path, text):
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
