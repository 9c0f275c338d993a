"""Whether the packages of this connector are the ones that Python finds.

`settings`, `tasks` and `flows` are common names: a folder on the search path that has its own would take their place,
and the connector would work with a stranger's code. Every command is refused then, before anything of ours is imported.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

OURS = ("app", "connector", "deployments", "entities", "flows", "receiver", "sandbox", "settings", "tasks", "web")


class ForeignModules(Exception):
    """A module that is not ours would be taken for ours; the message names it and what to do."""


def refuse_foreign_modules() -> None:
    """Raise `ForeignModules` when one of our packages would come from elsewhere than this distribution."""
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
