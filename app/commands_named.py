"""Commands that a text names, called as people find them where they read it: in Prefect, or on the workspace's pages.

Reasons and fixes are written once, for the command line (`a2m skip`); who reads them in Prefect or on a page has no
shell, and presses a button there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ARGUMENT = r"(?:'[^']*'|\"[^\"]*\"|--[\w-]+(?:[ =][^\s.,;:)]+)?|[A-Z][\w-]*|\d[\w-]*)"
_COMMAND = re.compile(
    r"`?\ba2m (?P<name>sync|failed|reprocess|skip|link|pause|resume|status|explain|reconcile|check)\b"
    rf"(?: (?:price|inventory|customer|order|shipment|all)\b)?(?P<rest>(?: {_ARGUMENT})*)`?"
)

IN_PREFECT = {
    "sync": "run its deployment",
    "sync --key": "One Key Now",
    "failed": "Reprocess Failed Messages, Only list them",
    "reprocess": "Reprocess Failed Messages",
    "skip": "Reprocess Failed Messages, Skip them",
    "link": "Link a Document",
    "pause": "Pause",
    "resume": "Resume",
    "status": "Status",
    "explain": "Explain",
    "reconcile": "Reconcile",
    "check": "Test Connection",
}
"""What does the same among the deployments."""

ON_PAGES = {
    "sync": "Sync now",
    "sync --key": "Sync now",
    "failed": "Failed messages",
    "reprocess": "Send again",
    "skip": "Skip",
    "link": "Link on its page",
    "pause": "Pause",
    "resume": "Resume",
    "status": "Overview",
    "explain": "One record",
    "reconcile": "Reconcile",
    "check": "Test Connection",
}
"""What does the same in the workspace."""


def named_as(text: str, names: Mapping[str, str]) -> str:
    """Return the text in which each command is called as `names` calls it; what only repeats a name goes."""

    def called(found: re.Match[str]) -> str:
        name, rest = found["name"], found["rest"].strip()
        if name == "sync" and rest.startswith("--key"):
            return f"{names['sync --key']} ({rest.removeprefix('--key').strip()})"
        which = rest.removesuffix("ID").strip() if name == "link" else ""
        return f"{names[name]} ({which})" if which else names[name]

    named = _COMMAND.sub(called, text)
    for name in set(names.values()):
        named = named.replace(f"{name} ({name})", name)
    return named
