#!/usr/bin/env python3
"""Who may know whom: checks the picture of ARCHITECTURE.md against what cargo resolves.

usage: dependencies.py [--self-test]

Three rules. Edges between crates of this workspace form a star around eval-core. Heavy foreign crates stay where they
belong, and never reach eval-core. Nothing links a system library for TLS or Postgres. A crate that no row of the
tables names fails: whoever adds one says first whom it may know.
"""
import json
import subprocess
import sys

LIBRARIES = {"eval-core", "eval-providers", "eval-judge", "eval-store", "eval-drift", "eval-server"}
MAY_KNOW = {
    "eval-core": set(),
    "eval-providers": {"eval-core"},
    "eval-judge": {"eval-core"},
    "eval-store": {"eval-core"},
    "eval-drift": {"eval-core"},
    "eval-server": {"eval-core", "eval-drift"},
    "eval-cli": LIBRARIES,
    "eval-examples": LIBRARIES,
    "eval-benches": LIBRARIES,
}
FOR_TESTS = {"eval-examples"}  # its library is the endpoint that misbehaves on purpose; it knows nobody
HTTP_CLIENT, DATABASE, HTTP_SERVER, MATRICES = {"reqwest", "hyper"}, {"diesel"}, {"axum"}, {"nalgebra"}
MUST_NOT_REACH = {  # normal dependencies with all features on
    "eval-core": HTTP_CLIENT | DATABASE | HTTP_SERVER | MATRICES,
    "eval-drift": HTTP_CLIENT | DATABASE | HTTP_SERVER,
    "eval-judge": HTTP_CLIENT | DATABASE | HTTP_SERVER,
    "eval-store": HTTP_CLIENT | HTTP_SERVER,
    "eval-providers": DATABASE | HTTP_SERVER,
    "eval-server": DATABASE,
}
NOWHERE = {"pq-sys", "openssl", "openssl-sys", "native-tls"}
ONLY_FOR_TESTS = {"mock", "conformance", "testing"}  # features of eval-core and eval-store


def edges(metadata):
    """Yields (crate, crate of ours, kind, features) for every edge inside the workspace."""
    ours = {package["name"] for package in metadata["packages"]}
    for package in metadata["packages"]:
        for dependency in package["dependencies"]:
            if dependency["name"] in ours:
                yield package["name"], dependency["name"], dependency["kind"] or "normal", set(dependency["features"])


def check_members(metadata):
    found = {package["name"] for package in metadata["packages"]}
    yield from (f"{name}: no rule says whom it may know" for name in sorted(found - set(MAY_KNOW)))
    yield from (f"{name}: has a rule, but is no member" for name in sorted(set(MAY_KNOW) - found))


def check_edges(metadata):
    for crate, other, kind, features in edges(metadata):
        # A crate that knows itself in its tests turns on what they need.
        allowed = MAY_KNOW.get(crate, set()) | ({"eval-core", crate} | FOR_TESTS if kind == "dev" else set())
        if other not in allowed:
            yield f"{crate} -> {other} ({kind}): not allowed"
        elif kind != "dev" and features & ONLY_FOR_TESTS:
            yield f"{crate} -> {other} ({kind}): features only for tests: {', '.join(sorted(features & ONLY_FOR_TESTS))}"


def check_trees(trees):
    for crate, names in sorted(trees.items()):
        for name in sorted(names & MUST_NOT_REACH.get(crate, set())):
            yield f"{crate} reaches {name}"
        for name in sorted(names & NOWHERE):
            yield f"{crate} reaches {name}, which nothing here may link"


def violations(metadata, trees):
    return [*check_members(metadata), *check_edges(metadata), *check_trees(trees)]


def cargo(*arguments):
    command = ["cargo", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def read_metadata():
    return json.loads(cargo("metadata", "--format-version", "1", "--no-deps"))


def read_tree(crate):
    lines = cargo("tree", "-p", crate, "-e", "normal,build", "--all-features", "--target", "all",
                  "--prefix", "none", "--format", "{p}").splitlines()
    return {line.split()[0] for line in lines if line.strip()}


def print_table(metadata, trees):
    seen = {}
    for crate, other, kind, _ in edges(metadata):
        seen.setdefault(crate, {}).setdefault("dev" if kind == "dev" else "normal", set()).add(other)
    print(f"{'crate':<16}{'reaches':>8}  knows")
    for crate in sorted(trees, key=lambda name: (name not in LIBRARIES, name)):
        knows = sorted(seen.get(crate, {}).get("normal", set()))
        tests = sorted(seen.get(crate, {}).get("dev", set()) - set(knows))
        more = f"  (in tests: {', '.join(tests)})" if tests else ""
        print(f"{crate:<16}{len(trees[crate]) - 1:>8}  {', '.join(knows) or 'nobody of ours'}{more}")


def package(name, *dependencies):
    keys = ("name", "kind", "features")
    return {"name": name, "dependencies": [dict(zip(keys, dependency)) for dependency in dependencies]}


def star(**changed):
    """A workspace as it should be, with some crates replaced."""
    core = ("eval-core", None, [])
    good = {name: package(name, *([] if name == "eval-core" else [core])) for name in MAY_KNOW}
    good.update({name.replace("_", "-"): crate for name, crate in changed.items()})
    return {"packages": list(good.values())}


def self_test():
    """Every rule must be able to fail."""
    clean = {name: {name, "serde"} for name in MAY_KNOW}
    assert violations(star(), clean) == [], violations(star(), clean)
    judge = lambda *dependency: star(eval_judge=package("eval-judge", dependency))
    bad = {
        "a sideways edge": (judge("eval-store", None, []), clean),
        "a sideways edge of a build script": (judge("eval-store", "build", []), clean),
        "a sideways edge of the tests": (judge("eval-store", "dev", []), clean),
        "an edge out of the core": (star(eval_core=package("eval-core", ("eval-drift", None, []))), clean),
        "mocks outside of tests": (judge("eval-core", None, ["mock"]), clean),
        "a crate without a rule": (star(eval_utils=package("eval-utils")), clean),
        "a rule without a crate": ({"packages": star()["packages"][1:]}, clean),
        "nalgebra in the core": (star(), {**clean, "eval-core": {"eval-core", "nalgebra"}}),
        "diesel in the judges": (star(), {**clean, "eval-judge": {"eval-judge", "diesel"}}),
        "openssl in the binary": (star(), {**clean, "eval-cli": {"eval-cli", "openssl-sys"}}),
    }
    for name, (metadata, trees) in bad.items():
        found = violations(metadata, trees)
        assert len(found) == 1, f"{name}: {found}"
        print(f"caught  {name}: {found[0]}")
    assert violations(judge("eval-core", "dev", ["mock"]), clean) == []


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        sys.exit(__doc__)
    metadata = read_metadata()
    trees = {package["name"]: read_tree(package["name"]) for package in metadata["packages"]}
    print_table(metadata, trees)
    found = violations(metadata, trees)
    for violation in found:
        print(f"FAIL {violation}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
