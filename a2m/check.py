"""`a2m check`: Test Connection, and where each setting's value comes from."""

from __future__ import annotations

import asyncio
from json import dumps
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from a2m.console import TABLE_FROM, as_json, out, print_error, table
from a2m.usage import JSON_HELP, SET_UP


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=SET_UP)
    def check(
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """Test both connections and everything that the settings name, and say where each setting comes from."""
        return asyncio.run(_check(json=json))


async def _check(*, json: bool) -> int:
    from app.connection.test_connection import check_connection
    from app.effective_settings import effective_settings
    from app.logs import print_to_stderr

    found = []
    with effective_settings(needs_both_systems=True) as now:
        async for check in check_connection(now.settings, now.state, on_wait=print_error):
            if not json:
                print_to_stderr(f"{check.what} …")
            found.append(check)
    origins = _settings_used(now)
    if json:
        checks = [{"what": check.what, "result": check.result, "said": check.message} for check in found]
        as_json({"checks": checks, "settings": origins})
    else:
        _show(found)
        used = [(origin["setting"], _as_typed(origin["value"]), origin["from"]) for origin in origins]
        table("Settings that are not the default", ("setting", "value", "from"), used)
    return 0 if all(check.result == "passed" for check in found) else 1


def _show(found: list[Any]) -> None:
    """Print a table, or on a narrow screen one line for each check with its message below."""
    if out.width >= TABLE_FROM:
        table(
            "Test Connection",
            ("what", "result", "found"),
            [(check.what, check.result, check.message) for check in found],
        )
    else:
        out.print("Test Connection", style="bold")
        for one in found:
            out.print(f"{one.result}: {one.what}", markup=False, style="" if one.result == "passed" else "bold")
            out.print(Padding(Text(one.message), (0, 0, 0, 4)), soft_wrap=False)
    out.print("", _summary(found), "", sep="\n", markup=False)


def _summary(found: list[Any]) -> str:
    """Return the number of checks by result, with the names of those that failed: the list may not fit the screen."""
    parts = []
    for result in ("failed", "could not be checked", "passed"):
        names = [check.what for check in found if check.result == result]
        if names:
            parts.append(f"{len(names)} {result}" + (f" ({', '.join(names)})" if result == "failed" else ""))
    return "; ".join(parts)


def _as_typed(value: Any) -> str:
    """Return a value as a person would write it in the environment."""
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)


def _settings_used(now: Any) -> list[dict[str, Any]]:
    from settings import all_settings, origins, shown_value

    used, where_from = [], origins(now.saved)
    for setting in all_settings():
        origin = where_from(setting.section, setting.field)
        if origin != "default":
            used.append({"setting": setting.name, "value": shown_value(setting, now.settings), "from": origin})
    return used
