"""`a2m` ("A to M"): every command of the connector.

Exit codes: 0 done, 1 something failed and the output says what, 2 wrong use or wrong settings.
"""

from __future__ import annotations

import os
import sys

import typer

from a2m.own_modules import ForeignModules, refuse_foreign_modules
from a2m.say import complain, warnings_heard


def _leave_with(code: int | None) -> None:
    raise typer.Exit(code or 0)


def commands() -> typer.Typer:
    """The command line. Each command imports what it needs only when it is called, so that --help is quick."""
    from a2m import (
        check,
        demo,
        explain,
        forget,
        hand,
        housekeeping,
        mend,
        receiver,
        reconcile,
        sandbox,
        serve,
        setup,
        status,
        sync,
    )

    app = typer.Typer(
        name="a2m",
        help="Keeps Magento true to Acumatica: prices, quantities, shipments, customers and orders.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        result_callback=_leave_with,
    )
    for module in (
        demo,
        setup,
        check,
        sync,
        reconcile,
        status,
        mend,
        explain,
        hand,
        forget,
        housekeeping,
        serve,
        receiver,
        sandbox,
    ):
        module.add_to(app)
    return app


def main() -> None:
    """Run one command. A fault that a person can mend is told in words, without a traceback.

    Whatever it, or a process that it starts, writes is its user's alone: a state, a log, Prefect's own files.
    """
    before = os.umask(0o077)
    try:
        refuse_foreign_modules()
        with warnings_heard():
            commands()(prog_name="a2m")
    except SystemExit:  # the usual way out, before the clauses below import what they name
        raise
    except ForeignModules as error:
        complain(str(error))
        sys.exit(2)
    except _wrong_settings() as error:
        complain(str(error))
        sys.exit(2)
    except _faults() as error:
        complain(str(error))
        sys.exit(1)
    finally:
        os.umask(before)


def _wrong_settings() -> type[Exception]:
    from settings import SettingsError

    return SettingsError


def _faults() -> tuple[type[Exception], ...]:
    from connector.acumatica.errors import AcumaticaFault
    from connector.magento.errors import MagentoFault
    from connector.state.faults import StateError

    return StateError, AcumaticaFault, MagentoFault


if __name__ == "__main__":
    main()
