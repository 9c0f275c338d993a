"""`a2m` ("A to M"): every command of the connector.

Exit codes: 0 done, 1 something failed and the output says what, 2 wrong use or wrong settings.
"""

from __future__ import annotations

import sys
from typing import Any

import click
import typer

from a2m.say import complain

app = typer.Typer(
    name="a2m",
    help="Keeps Magento true to Acumatica: prices, quantities, and later shipments, customers and orders.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def register() -> None:
    """Add the commands; each module imports what it needs only when it is called, so that --help is quick."""
    from a2m import check, demo, hand, sandbox, serve, status, sync

    for module in (demo, check, sync, status, hand, serve, sandbox):
        module.add_to(app)


def main() -> None:
    """Run one command. A fault that a person can mend is told in words, without a traceback."""
    from connector.queue.engine import StateError
    from settings import SettingsError

    register()
    try:
        answer: Any = app(standalone_mode=False)
    except click.UsageError as error:
        complain(f"{error.format_message()}\nTry: a2m --help")
        sys.exit(2)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        complain(error.format_message())
        sys.exit(1)
    except SettingsError as error:
        complain(str(error))
        sys.exit(2)
    except StateError as error:
        complain(str(error))
        sys.exit(1)
    sys.exit(answer if isinstance(answer, int) else 0)


if __name__ == "__main__":
    main()
