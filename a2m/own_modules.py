"""Refuse to start if Python would import other packages in place of the connector's (ADR 0052).

`settings`, `tasks` and `flows` are common names. A folder on the search path with packages of these names would be
imported instead of ours. Every command checks this before it imports anything of the connector.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

OURS = ("app", "connector", "deployments", "entities", "flows", "receiver", "sandbox", "settings", "tasks", "web")


class ForeignModules(Exception):
    """A foreign module would be imported instead of one of ours; the message names it and says what to do."""


def refuse_foreign_modules() -> None:
    """Raise `ForeignModules` if one of our packages would not be imported from this distribution."""
    home = Path(__file__).resolve().parents[1]
    for name in OURS:
        spec = find_spec(name)
        if spec is None:
            raise ForeignModules(f"The package {name!r} of this connector is not installed: install it again.")
        found = spec.origin or next(iter(spec.submodule_search_locations or ()), "nowhere")
        if Path(found).resolve() != home / name / "__init__.py":
            raise ForeignModules(
                f"The module {name!r} would come from {found}, not from this connector: "
                "start a2m in another folder, or take that module's folder out of PYTHONPATH."
            )
