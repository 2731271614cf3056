#!/usr/bin/env python3
"""Checks docs/faults.toml: every fault that the project promises to survive has a test that shows it.

usage: faults.py [--self-test]

A row has `id`, `fault`, `must` and `tests`. A test is named crate::file::function: the file is looked for under the
crate's `tests/`, then under its `src/`. The function must be a test there and must not be ignored. A test that is
named after a fault (`f36_…`, or `s18_…` for one of security) without a row for it fails as well.
"""
import pathlib
import re
import sys
import tempfile

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    from pip._vendor import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEYS = {"id", "fault", "must", "tests"}
FUNCTION = re.compile(r"^\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)\s*[(<]")
TEST = re.compile(r"#\[(?:tokio::)?test\b")
IGNORED = re.compile(r"#\[(?:ignore\b|cfg_attr\(.*\bignore\b)")


def functions(source):
    """Yields (name, attributes) of each function of a source file."""
    attributes = []
    for line in source.splitlines():
        if found := FUNCTION.match(line):
            yield found.group(1), " ".join(attributes)
            attributes = []
        elif line.strip().startswith("#["):
            attributes.append(line.strip())
        elif line.strip() and not line.strip().startswith("//"):
            attributes = []


def check_test(root, name):
    """Says what is wrong with the name of a test, or returns None."""
    crate, *modules, function = name.split("::")
    if not modules:
        return "expected crate::file::function"
    files = [(root / crate / folder).joinpath(*modules).with_suffix(".rs") for folder in ("tests", "src")]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return f"no file {' or '.join(str(file.relative_to(root)) for file in files)}"
    attributes = dict(functions(file.read_text(encoding="utf-8"))).get(function)
    if attributes is None:
        return f"no function {function} in {file.relative_to(root)}"
    if not TEST.search(attributes):
        return "is no test"
    return "is ignored" if IGNORED.search(attributes) else None


def check_row(root, row):
    name = row.get("id", "a row without an id")
    if wrong := KEYS ^ set(row):
        yield f"{name}: missing or unknown: {', '.join(sorted(wrong))}"
    if not re.fullmatch(r"[FS]\d\d", str(row.get("id"))):
        yield f"{name}: expected an id such as F07 or S18"
    for key in ("fault", "must"):
        if not str(row.get(key, "-")).strip():
            yield f"{name}: `{key}` is empty"
    tests = row.get("tests", [])
    if not tests:
        yield f"{name}: no test shows it"
    yield from (f"{name}: `{test}` stands twice" for test in sorted({test for test in tests if tests.count(test) > 1}))
    for test in tests:
        if problem := check_test(root, test):
            yield f"{name}: `{test}`: {problem}"


def named_after_faults(root):
    """Yields (id, file, function) of every test whose name says which fault it shows."""
    for file in sorted(root.glob("*/src/**/*.rs")) + sorted(root.glob("*/tests/**/*.rs")):
        for function, attributes in functions(file.read_text(encoding="utf-8")):
            if (found := re.match(r"[fs]\d\d(?=_)", function)) and TEST.search(attributes):
                yield found.group().upper(), file.relative_to(root), function


def violations(root):
    rows = tomllib.loads((root / "docs" / "faults.toml").read_text(encoding="utf-8")).get("fault", [])
    ids = [row.get("id") for row in rows]
    found = [] if rows else ["docs/faults.toml has no rows"]
    found += [f"{id}: stands twice" for id in sorted({str(id) for id in ids if ids.count(id) > 1})]
    for row in rows:
        found += check_row(root, row)
    for id, file, function in named_after_faults(root):
        if id not in ids:
            found.append(f"{id}: {function} in {file} has no row")
    return rows, found


def row(id="F01", fault="a fault", must="hold", tests=("demo::faults::f01_holds",)):
    quoted = ", ".join(f'"{test}"' for test in tests)
    return f'[[fault]]\nid = "{id}"\nfault = "{fault}"\nmust = "{must}"\ntests = [{quoted}]\n'


def self_test():
    """Every rule must be able to fail."""
    good = "#[tokio::test(start_paused = true)]\nasync fn f01_holds() {}\n"
    other = "\n#[test]\nfn other() {}\n"
    bad = {
        "no rows": ("", ""),
        "a row without a test": (row(tests=()), good),
        "a test that is not there": (row(tests=("demo::faults::f01_gone",)), good),
        "a file that is not there": (row(tests=("demo::gone::f01_holds",)), good),
        "a name without a file": (row(tests=("demo::f01_holds",)), good),
        "a function that is no test": (row(), "#[test]\nfn other() {}\n\nfn f01_holds() {}\n"),
        "a test that is ignored": (row(), "#[test]\n#[ignore = \"slow\"]\nfn f01_holds() {}\n"),
        "a row twice": (row() + row(), good),
        "a test twice": (row(tests=("demo::faults::f01_holds",) * 2), good),
        "an id of another form": (row(id="F1", tests=("demo::faults::other",)), other),
        "an empty field": (row(must=" "), good),
        "a field too many": (row() + 'note = "x"\n', good),
        "a test without a row": (row(), good + "#[test]\nfn f02_holds() {}\n"),
        "a test of security without a row": (row(), good + "#[test]\nfn s02_holds() {}\n"),
    }
    for name, (table, source) in {"": (row(), good + other), **bad}.items():
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for file, text in {"docs/faults.toml": table, "demo/tests/faults.rs": source}.items():
                (root / file).parent.mkdir(parents=True)
                (root / file).write_text(text, encoding="utf-8")
            found = violations(root)[1]
        assert len(found) == bool(name), f"{name}: {found}"
        if name:
            print(f"caught  {name}: {found[0]}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        sys.exit(__doc__)
    rows, found = violations(ROOT)
    for row in rows:
        print(f"{row.get('id', '?'):<5}{len(row.get('tests', [])):>3} tests  {row.get('fault', '')}")
    for violation in found:
        print(f"FAIL {violation}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
