"""`a2m doctor`: write one file for a bug report, with versions, settings, status and recent failures.

It contains no secrets. Of a record it contains the key and the failure code. Reasons, which may name a person, are only
included on request.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from a2m.console import as_json, out
from a2m.usage import JSON_HELP, OPERATE

PACKAGES = ("acumatica-magento", "prefect", "sqlalchemy", "alembic", "httpx", "pandas", "numpy", "pydantic", "psycopg")
FAILURES = 50


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=OPERATE)
    def doctor(
        file: Annotated[
            Path | None, typer.Argument(metavar="FILE", help="Where to write it.", show_default="in this folder")
        ] = None,
        reasons: Annotated[
            bool, typer.Option("--reasons", help="With the failures' reasons, which may name customers.")
        ] = False,
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> None:
        """Collect versions, settings without secrets, states and recent failures into one file for a bug report."""
        now = datetime.now(UTC)
        found = collect(now, with_reasons=reasons)
        if json:
            as_json(found)
            return
        chosen = file or Path(f"a2m-doctor-{now:%Y%m%d-%H%M%S}.md")
        chosen.write_text(as_page(found), encoding="utf-8")
        out.print(f"Written to {chosen}. Read it before you send it.", markup=False)


def collect(now: datetime, *, with_reasons: bool) -> dict[str, Any]:
    """Return the parts of the report by name; for a part that cannot be read, the reason."""
    return {
        "made": now.isoformat(timespec="seconds"),
        "versions": _versions(),
        "environment": _environment(),
        "settings": _or_why(_settings),
        "state": _or_why(_state),
        "entities": _or_why(_entities),
        "failed": _or_why(lambda: _failed(with_reasons=with_reasons)),
        "prefect": _or_why(_prefect),
    }


def as_page(found: dict[str, Any]) -> str:
    """Return the report as Markdown."""
    lines = [f"# a2m doctor, {found['made']}"]
    for part, content in found.items():
        if part == "made":
            continue
        lines += ["", f"## {part}", ""]
        if isinstance(content, str):
            lines.append(content)
        elif isinstance(content, dict):
            lines += [f"- {name}: {value}" for name, value in content.items()]
        else:
            lines += ["- " + ", ".join(f"{name}: {value}" for name, value in row.items()) for row in content]
            lines += [] if content else ["none"]
    return "\n".join(lines) + "\n"


def _or_why(part: Callable[[], Any]) -> Any:
    """Return the part, or its fault as text: a damaged state may be the subject of the report."""
    from connector.errors import ConnectorError
    from settings import SettingsError

    try:
        return part()
    except (ConnectorError, SettingsError, OSError) as error:
        return f"could not be read: {error}"


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    def of(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "not installed"

    return {"python": sys.version.split()[0], "system": platform.platform(), **{name: of(name) for name in PACKAGES}}


def _environment() -> dict[str, str]:
    """Return the state folder, the settings file, and the names of variables. Values may be secrets."""
    from settings import home_folder, settings_file

    names = sorted(name for name in os.environ if name.upper().startswith(("A2M_", "PREFECT_")))
    file = settings_file()
    return {
        "state folder": str(home_folder()),
        "settings file": f"{file}{'' if file.is_file() else ' (not there)'}",
        "variables": ", ".join(names) or "none",
    }


def _settings() -> list[dict[str, Any]]:
    from app.effective_settings import effective_settings
    from settings import all_settings, origins, shown_value

    with effective_settings() as now:
        where_from = origins(now.saved)
        return [
            {"setting": setting.name, "value": shown_value(setting, now.settings), "from": origin}
            for setting in all_settings()
            if (origin := where_from(setting.section, setting.field)) != "default"
        ]


def _state() -> dict[str, Any]:
    from app.effective_settings import open_private_state
    from connector.state.engine import shown_address
    from connector.state.revision import newest_schema
    from settings import database_url

    address = database_url()
    state = open_private_state()
    try:
        kind = state.engine.dialect.name
        found = {"address": shown_address(address), "kind": kind, "schema": newest_schema()}
        if kind == "sqlite":
            found["bytes"] = f"{Path(str(state.engine.url.database)).stat().st_size:,}"
        return found | {f"found open {number}": one.message for number, one in enumerate(state.opened, 1)}
    finally:
        state.close()


def _entities() -> list[dict[str, Any]]:
    from a2m.status import read_status

    return read_status()


def _failed(*, with_reasons: bool) -> list[dict[str, Any]]:
    from a2m.status import read_failed

    kept = ("id", "entity", "key", "source", "attempts", "when", "cause", *(("reason",) if with_reasons else ()))
    newest = sorted(read_failed(None), key=lambda row: row["when"], reverse=True)[:FAILURES]
    return [{name: row[name] for name in kept} for row in newest]


def _prefect() -> dict[str, Any]:
    import asyncio
    from urllib.parse import urlsplit

    os.environ.setdefault("DO_NOT_TRACK", "1")  # no telemetry for this command
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    server = PREFECT_API_URL.value()
    if not server:
        return {"server": "none is configured (PREFECT_API_URL)"}

    async def ask() -> str:
        async with get_client() as client:
            fault = await client.api_healthcheck()
        return "answers" if fault is None else f"does not answer: {fault}"

    parts = urlsplit(str(server))
    return {"server": parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), "it": asyncio.run(ask())}
