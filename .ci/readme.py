#!/usr/bin/env python3
"""Prints the one command in README's code blocks that matches, so that CI runs what README says and nothing else.

usage: readme.py PATTERN
"""
import pathlib
import re
import sys

README = pathlib.Path(__file__).resolve().parent.parent / "README.md"


def commands(text):
    """Yields the lines of all fenced code blocks."""
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            yield line.strip().removeprefix("$ ")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = [line for line in commands(README.read_text(encoding="utf-8")) if re.fullmatch(sys.argv[1], line)]
    if len(found) != 1:
        sys.exit(f"README.md has {len(found)} commands like `{sys.argv[1]}` in its code blocks, expected one")
    print(found[0])


if __name__ == "__main__":
    main()
