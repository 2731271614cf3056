#!/usr/bin/env python3
"""Opens an issue when the evaluation failed, keeps it up to date, closes it when it passes. Never fails itself."""
import pathlib

from event import annotate, setting
from rest import Rest, cut


def main():
    path = setting("SUMMARY")
    if not path:
        return
    mark = f"<!-- evalctl-issue:{setting('NAME')} -->"
    report = pathlib.Path(path).read_text(encoding="utf-8").split("\n", 1)[-1]
    run = f"{setting('GITHUB_SERVER_URL')}/{setting('GITHUB_REPOSITORY')}/actions/runs/{setting('GITHUB_RUN_ID')}"
    text = cut(f"{mark}\n{report.rstrip()}\n\n[The run]({run})\n")
    rest = Rest()
    try:
        place = f"{rest.repository}/issues"
        old = rest.mine(f"{place}?state=open", mark)
        if setting("FAILED") == "true" and old is None:
            rest.call("POST", place, {"title": f"Evaluation failed: {setting('NAME')}", "body": text})
        elif old is not None:
            state = "open" if setting("FAILED") == "true" else "closed"
            rest.call("PATCH", f"{place}/{int(old['number'])}", {"body": text, "state": state})
    except OSError as error:
        annotate("warning", f"no issue could be written ({error}); the summary of the run says the same")


if __name__ == "__main__":
    main()
