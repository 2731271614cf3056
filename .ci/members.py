#!/usr/bin/env python3
"""Lists what the workspace has, for the steps of CI.

usage: members.py libraries | features | examples

`features` prints one set of cargo flags a line: each library without its default features, then with each feature alone.
"""
import json
import subprocess
import sys


def packages():
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return sorted(json.loads(text)["packages"], key=lambda package: package["name"])


def targets(package, kind):
    return [target["name"] for target in package["targets"] if kind in target["kind"]]


def libraries():
    """What others build on. The endpoint of our own tests lies with the examples and is none of it."""
    return [package for package in packages() if targets(package, "lib") and package["name"] != "eval-examples"]


def features():
    for package in libraries():
        yield f"-p {package['name']} --no-default-features"
        for feature in sorted(set(package["features"]) - {"default"}):
            yield f"-p {package['name']} --no-default-features --features {feature}"


LISTS = {
    "libraries": lambda: [package["name"] for package in libraries()],
    "features": features,
    "examples": lambda: [name for package in packages() if package["name"] == "eval-examples"
                         for name in targets(package, "example")],
}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LISTS:
        sys.exit(__doc__)
    print("\n".join(LISTS[sys.argv[1]]()))
