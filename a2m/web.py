"""`a2m web`: serve only the workspace, if `a2m serve` runs on another machine or not at all."""

from __future__ import annotations

import typer

from a2m.console import print_error
from a2m.usage import OPERATE


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=OPERATE)
    def web() -> int:
        """Serve the workspace, the pages for administrators, until Ctrl-C; a2m serve does so too."""
        from web.security.entrance import NotServed
        from web.serve import serve

        try:
            serve()
        except NotServed as error:
            print_error(str(error))
            return 2
        return 0
