"""The part of GitHub's REST interface that is needed here."""
import json
import urllib.error
import urllib.request

from event import setting

# A comment and the text of an issue hold 65,536 characters.
MOST = 65_536


class Rest:
    def __init__(self):
        self.address = (setting("GITHUB_API_URL") or "https://api.github.com").rstrip("/")
        self.repository = f"/repos/{setting('GITHUB_REPOSITORY')}"

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.address + path, method=method)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("Authorization", f"Bearer {setting('GITHUB_TOKEN')}")
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=30) as response:
            return json.load(response)

    def pages(self, path):
        """Every entry of a list, page by page."""
        for page in range(1, 101):
            entries = self.call("GET", f"{path}{'&' if '?' in path else '?'}per_page=100&page={page}")
            yield from entries
            if len(entries) < 100:
                return

    def me(self):
        """Who writes with this token. The token of a job may not ask, and is the bot's."""
        try:
            return self.call("GET", "/user")["login"]
        except (urllib.error.URLError, KeyError):
            return "github-actions[bot]"

    def mine(self, path, mark):
        """The first entry of a list that begins with a mark and was written with this token: who else writes the mark
        into a text gets nothing for it."""
        me = self.me()
        for entry in self.pages(path):
            if (entry.get("body") or "").startswith(mark) and (entry.get("user") or {}).get("login") == me:
                return entry
        return None


def cut(text):
    """A text that GitHub takes. What it decides stands first, and so stays."""
    if len(text) <= MOST:
        return text
    end = "\n\n… cut here: the summary of the run has all of it.\n"
    kept = text[: MOST - len(end) - 30]
    kept = kept[: kept.rfind("\n")]
    return kept + "\n</details>" * (kept.count("<details>") - kept.count("</details>")) + end
