"""`a2m sandbox`: an Acumatica and a Magento on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from a2m.console import print_error
from a2m.usage import TRY


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=TRY)
    def sandbox(
        skus: Annotated[int, typer.Option(metavar="N", min=1, help="How many items to make up.")] = 50,
        catalog: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Take the items of this CSV file instead.")
        ] = None,
        documents: Annotated[
            int, typer.Option(metavar="N", min=0, help="How many orders, with customers and shipments.")
        ] = 0,
        faults: Annotated[
            str | None, typer.Option(metavar="PLAN", help="What shall go wrong; see docs/reference/faults.md.")
        ] = None,
        env: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Write the settings that connect to it to this file too.")
        ] = None,
        acumatica_port: Annotated[
            int, typer.Option(metavar="PORT", min=0, max=65535, help="0 takes any free port.")
        ] = 8081,
        magento_port: Annotated[
            int, typer.Option(metavar="PORT", min=0, max=65535, help="0 takes any free port.")
        ] = 8082,
    ) -> int:
        """Run a sandbox Acumatica and Magento on this machine until Ctrl-C."""
        from sandbox.catalogue import CatalogueError
        from sandbox.faults import FaultPlanError
        from sandbox.serve import run

        try:
            run(
                skus=skus,
                catalog=catalog,
                documents=documents,
                faults=faults,
                env_file=env,
                acumatica_port=acumatica_port,
                magento_port=magento_port,
            )
        except CatalogueError as error:
            raise typer.BadParameter(str(error), param_hint="--catalog") from error
        except FaultPlanError as error:
            raise typer.BadParameter(str(error), param_hint="--faults") from error
        except OSError as error:  # a port that is taken, a file that cannot be written
            print_error(f"{error.filename} cannot be written: {error.strerror}." if error.filename else str(error))
            return 1
        return 0
