"""`a2m` ("A to M"): every command of the connector.

Exit codes: 0 done, 1 something failed and the output says what, 2 wrong usage or wrong settings.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from a2m.console import Refused, out, print_error
from a2m.own_modules import ForeignModules, refuse_foreign_modules
from a2m.usage import Commands
from app.logs import logging_to_stderr

if TYPE_CHECKING:
    from connector.errors import ConnectorError
    from settings import SettingsError

atexit.register(gc.freeze)  # otherwise Python collects garbage at exit: a fifth of a short command's time


def _leave_with(code: int | None, **_options: object) -> None:
    raise typer.Exit(code or 0)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        out.print(f"a2m {version('acumatica-magento')}", markup=False)
        raise typer.Exit


def commands() -> typer.Typer:
    """Return the command line. Commands import what they need only when they are called, so that --help is fast."""
    from a2m import (
        backup,
        check,
        demo,
        doctor,
        explain,
        forget,
        housekeeping,
        messages,
        pause,
        receiver,
        reconcile,
        sandbox,
        serve,
        setup,
        status,
        sync,
        user,
        web,
    )

    app = typer.Typer(
        name="a2m",
        cls=Commands,
        epilog="Exit codes: 0 done, 1 something failed and the output says what, 2 wrong usage or wrong settings.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        result_callback=_leave_with,
    )

    @app.callback()
    def a2m(
        version: Annotated[
            bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
        ] = False,
    ) -> None:
        """Keep Magento in sync with Acumatica: prices, quantities, customers, orders and shipments."""

    for module in (
        demo,
        setup,
        check,
        sync,
        reconcile,
        status,
        messages,
        explain,
        pause,
        backup,
        doctor,
        housekeeping,
        forget,
        serve,
        receiver,
        web,
        user,
        sandbox,
    ):
        module.add_to(app)
    return app


@cache
def _command_line() -> Any:
    """Return the Click command. Building it takes 50 ms, so it is built once per process."""
    return get_command(commands())


def main() -> None:
    """Run one command. Faults that a person can fix are reported as a message, without a traceback.

    The umask makes all files that the command or its child processes write private: state, logs, Prefect's files.
    """
    before = os.umask(0o077)
    try:
        refuse_foreign_modules()
        with logging_to_stderr():
            _command_line()(prog_name="a2m")
    except SystemExit:  # the usual exit; first, because the clauses below import modules
        raise
    except Refused as error:
        print_error(str(error))
        sys.exit(1)
    except ForeignModules as error:
        print_error(str(error))
        sys.exit(2)
    except _faults() as error:
        print_error(str(error))
        if error.is_transient:
            print_error("It usually passes by itself: run the command again.")
        if _is_missing(error):
            print_error("a2m setup asks for every setting; a2m demo shows the connector at work without a shop.")
        sys.exit(error.exit_code)
    finally:
        os.umask(before)


def _is_missing(error: Exception) -> bool:
    from settings import SettingsMissing

    return isinstance(error, SettingsMissing)


def _faults() -> tuple[type[ConnectorError], type[SettingsError]]:
    from connector.errors import ConnectorError
    from settings import SettingsError

    return ConnectorError, SettingsError


if __name__ == "__main__":
    main()
