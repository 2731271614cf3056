#!/usr/bin/env python3
"""Decides before anything is built or paid for what the other steps do, and refuses what is unsafe."""
import hashlib
import os
import pathlib

from event import event, flag, gets_no_secrets, name, output, plain, pull_request, refuse, setting, words

ACTION = pathlib.Path(__file__).resolve().parents[2]


def free(model):
    """Whether a model needs no endpoint."""
    return model.startswith(("simulated:", "column:"))


def version():
    """What the program is built from, in a few digits."""
    digest = hashlib.sha256()
    files = [ACTION / "Cargo.toml", ACTION / "Cargo.lock", *sorted(ACTION.glob("eval-*/**/*"))]
    for file in files:
        if file.is_file():
            digest.update(str(file.relative_to(ACTION)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def main():
    if setting("GITHUB_EVENT_NAME") == "pull_request_target":
        refuse("not with pull_request_target: it runs a stranger's files with your secrets; use pull_request")
    if not setting("INPUT_DATASET"):
        refuse("no data set: set the input dataset")
    models = words("INPUT_MODELS")
    needs_key = not models or not all(free(model) for model in models)
    skip = gets_no_secrets() and needs_key and setting("HAS_KEY") != "true"
    folder = os.path.normpath(os.path.join(setting("INPUT_WORKING_DIRECTORY") or ".", ".evalctl"))
    committed = setting("INPUT_BASELINE_FILE")
    committed = bool(committed) and pathlib.Path(setting("INPUT_WORKING_DIRECTORY") or ".", committed).is_file()
    cache = not skip and not committed and setting("HAS_DATABASE") != "true"
    build = not skip and not setting("INPUT_EVALCTL")
    prefix = f"evalctl-db-{plain(name())}-"
    key = f"{prefix}{setting('GITHUB_RUN_ID')}-{setting('GITHUB_RUN_ATTEMPT')}"
    asked = {
        "skip": skip,
        "build": build,
        "cache": cache,
        # Only who makes the baseline saves: a quick gate that began before a nightly run and ended after it would save a
        # database without that night. What a pull request saves nobody but itself could read.
        "save": cache and pull_request() is None and flag("INPUT_MAKE_BASELINE"),
        "comment": flag("INPUT_COMMENT") and pull_request() is not None and not gets_no_secrets(),
        "issue": flag("INPUT_ISSUE") and pull_request() is None and bool(event()),
    }
    asked = {key: str(value).lower() for key, value in asked.items()}
    output(**asked, folder=folder, key=key, restore=prefix, name=plain(name()), version=version() if build else "")


if __name__ == "__main__":
    main()
