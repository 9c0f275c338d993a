"""Replace the commands in a text by what does the same where the text is shown: in Prefect or in the workspace.

Reasons and fixes are written once, for the command line (`a2m skip`). A reader of Prefect or of a page has no shell and
presses a button instead (ADR 0057).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ARGUMENT = r"(?:'[^']*'|\"[^\"]*\"|--[\w-]+(?:[ =][^\s.,;:)]+)?|[A-Z][\w-]*|\d[\w-]*)"
_COMMAND = re.compile(
    r"`?\ba2m (?P<name>sync|failed|reprocess|skip|link|pause|resume|status|explain|reconcile|check)\b"
    rf"(?: (?:price|inventory|customer|order|shipment|all)\b)?(?P<rest>(?: {_ARGUMENT})*)`?"
)

PREFECT_NAMES = {
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
"""The deployment that does what a command does."""

PAGE_NAMES = {
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
"""The page or button of the workspace that does what a command does."""


def replace_commands(text: str, names: Mapping[str, str]) -> str:
    """Return the text with each command replaced by its name in `names`.

    Where a text already gives both, such as "Pause (a2m pause)", the name is not repeated.
    """

    def replacement(command: re.Match[str]) -> str:
        name, rest = command["name"], command["rest"].strip()
        if name == "sync" and rest.startswith("--key"):
            return f"{names['sync --key']} ({rest.removeprefix('--key').strip()})"
        document = rest.removesuffix("ID").strip() if name == "link" else ""
        return f"{names[name]} ({document})" if document else names[name]

    replaced = _COMMAND.sub(replacement, text)
    for name in set(names.values()):
        replaced = replaced.replace(f"{name} ({name})", name)
    return replaced
