#!/usr/bin/env python3
"""House rules that no compiler checks, over every file that git tracks.

usage: house.py [--self-test]
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_CODE_LINES = 400
# The patterns are put together from parts, so that this file does not break its own rules.
PARTS = {
    "a path of somebody's machine": ["/ho" "me/[a-z]", "/ro" "ot/", "/Us" "ers/[A-Za-z]", "/wo" r"rk/", r"C:\\\\?Us" "ers"],
    "a path out of the repository": [r"\.\./\.\./\.\.", r"\.\./sha" "red"],
    "the host of a package registry": [r"(?:index|static)\.cra" r"tes\.io", r"pythonho" r"sted\.org", r"pypi\.org/sim" "ple",
                                       r"registry\.np" r"mjs\.org", "replace-wi" "th =", "--?(?:extra-)?index-u" "rl", "--find-li" "nks"],
    "something like a key": [r"sk-(?:ant-|proj-)?[A-Za-z0-9]{2" "0,}", "AK" "IA[0-9A-Z]{16}", "gh" "[pousr]_[A-Za-z0-9]{30,}",
                             "xo" "x[abprs]-[0-9A-Za-z-]{10,}", "AI" "za[0-9A-Za-z_-]{30,}", "BEGIN [A-Z ]*PRIVATE" " KEY"],
}
FORBIDDEN = {name: re.compile("|".join(parts)) for name, parts in PARTS.items()}
RUST_ONLY = {
    "a lint silenced without a check that it still fires (use #[expect])": re.compile(r"#!?\[allo" r"w\("),
    # A test that another one starts as a process of its own (as another user, say) has to be left out of the usual round.
    "a test switched off": re.compile(r'#\[igno' r're(?! = "run by [a-z0-9_]+"\])'),
}

# Values reach a database as parameters, and columns from an enum. A test may explain a statement that it was given.
OUTSIDE_OF_TESTS = {
    "SQL put together from texts": re.compile(r"(?:sql_que" r"ry|\bsql(?:::<\w+>)?)\(\s*&?\s*format!"),
}


def code_lines(source):
    """Counts lines of code: without comments, blank lines and the unit tests at the end."""
    count = 0
    for line in source.splitlines():
        if line.startswith("#[cfg(test)]"):
            break
        count += bool(line.strip()) and not line.strip().startswith("//")
    return count


def check(path, text):
    """Yields what is wrong with a file."""
    rust = path.endswith(".rs")
    test = "/tests/" in f"/{path}"
    rules = {**FORBIDDEN, **(RUST_ONLY if rust else {}), **(OUTSIDE_OF_TESTS if rust and not test else {})}
    for number, line in enumerate(text.splitlines(), 1):
        for name, pattern in rules.items():
            if found := pattern.search(line):
                yield f"{path}:{number}: {name}: {found.group()[:24]}"
    if rust and not test and (count := code_lines(text)) > MOST_CODE_LINES:
        yield f"{path}: {count} code lines, more than {MOST_CODE_LINES}: split it by noun"


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def self_test():
    """Every rule must be able to fail."""
    bad = {
        "a/src/b.rs": ["#[allo" "w(dead_code)]", 'diesel::sql_que' 'ry(format!("SELECT {x}"))', 'sql_que' 'ry(&format!("{x}"))', "#[igno" "re]", "let x = 1;\n" * (MOST_CODE_LINES + 1)],
        "a.md": ["see /ho" "me/me/x", "in /wo" "rk/x", "at ../sha" "red/x", "https://static.cra" "tes.io/x",
                 "key sk-" + "a1" * 12, "AK" "IA" + "A" * 16, "-----BEGIN RSA PRIVATE" " KEY-----", "pip install --index-u" "rl x"],
    }
    for path, texts in bad.items():
        for text in texts:
            found = list(check(path, text))
            assert len(found) == 1, f"{text[:30]}: {found}"
            print(f"caught  {found[0]}")
    long = "// why\n" * 500 + "#[cfg(test)]\n" + "let x = 1;\n" * 500
    for path, text in {"a/src/b.rs": long, "a/tests/b.rs": "let x = 1;\n" * 500, "b.md": "key sk-test-master"}.items():
        assert list(check(path, text)) == [], (path, list(check(path, text)))


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        sys.exit(__doc__)
    names = tracked()
    found = []
    for name in names:
        try:
            found += check(name, (ROOT / name).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue  # a fixture that is not text
    for violation in found:
        print(f"FAIL {violation}")
    print(f"{len(names)} files, {len(found)} violations")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
