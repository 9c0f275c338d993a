"""`a2m backup` and `a2m restore`: write the state database to one file, and restore it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from a2m.console import as_json, out
from a2m.usage import JSON_HELP, OPERATE
from entities.names import NAMES

if TYPE_CHECKING:
    from connector.state.operator.backup import Backup


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(rich_help_panel=OPERATE)
    def backup(
        file: Annotated[
            Path | None, typer.Argument(metavar="FILE", help="Where to write it.", show_default="in the state folder")
        ] = None,
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> None:
        """Write a backup of the state into one file, while everything works on."""
        _back_up(file, json=json)

    @app.command(rich_help_panel=OPERATE)
    def restore(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that a2m backup wrote.")],
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> None:
        """Bring a backup into the configured state database, which must be empty."""
        _restore(file, json=json)


def _back_up(file: Path | None, *, json: bool) -> None:
    from app.effective_settings import effective_settings
    from connector.state.operator.backup import back_up
    from settings import home_folder

    now = datetime.now(UTC)
    chosen = file or home_folder() / "backups" / f"a2m-{now:%Y%m%d-%H%M%S}.sqlite"
    with effective_settings() as here:
        made = back_up(here.state, chosen)
    rows = "1 row" if made.rows == 1 else f"{made.rows:,} rows"
    _print(made, json=json, text=f"Backed up {rows} into {made.file} ({made.size:,} bytes).")


def _restore(file: Path, *, json: bool) -> None:
    from connector.state.operator.backup import restore
    from settings import database_url

    made = restore(file, database_url(), NAMES, datetime.now(UTC))
    _print(made, json=json, text=f"Restored {made.rows:,} rows from {made.file}. The next sync of each entity is full.")


def _print(made: Backup, *, json: bool, text: str) -> None:
    if json:
        as_json({"file": str(made.file), "bytes": made.size, "schema": made.schema, "rows": made.rows})
    else:
        out.print(text, markup=False)
