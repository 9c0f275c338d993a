"""`a2m forget EMAIL`: erase what the connector stores about a person."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from a2m.console import as_json, out, print_error, table
from a2m.usage import JSON_HELP, OPERATE

if TYPE_CHECKING:
    from connector.state.operator.forget import PersonalData


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(rich_help_panel=OPERATE)
    def forget(
        email: Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail of a customer, or of an order.")],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased; erase nothing.")] = False,
        json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    ) -> int:
        """Erase what the connector stores about a person; keys and ids stay, so that nothing is made twice."""
        if "@" not in email.strip().strip("@"):
            raise typer.BadParameter(f"{email!r} is no e-mail.", param_hint="EMAIL")
        return _forget(email.strip(), dry_run=dry_run, json=json)


def _forget(email: str, *, dry_run: bool, json: bool) -> int:
    import httpx
    from prefect.settings import PREFECT_API_URL

    from app.effective_settings import effective_settings
    from app.record_keys import did_you_mean
    from connector.clock import SystemClock
    from connector.state.operator import forget
    from flows.forget import forget_artifacts

    now = SystemClock().now()
    with effective_settings() as here:
        try:
            found = (forget.find if dry_run else forget.forget)(here.state, email, now)
        except forget.StillSending as why:
            print_error(str(why))
            return 1
        clean = dry_run or forget.leave_no_trace(here.state)
        near = next(filter(None, (did_you_mean(here.state, one, email) for one in forget.ENTITIES)), "")
    server = PREFECT_API_URL.value()
    try:
        tables = asyncio.run(forget_artifacts(email, dry_run=dry_run)) if server else None
    except httpx.HTTPError as error:
        print_error(
            f"The state is erased, but not the tables on the Prefect server {server} (PREFECT_API_URL): {error}"
        )
        return 1
    is_unknown = found.is_nothing() and not any(found.keys.values()) and not tables
    if json or not is_unknown:
        _print_result(found, tables, dry_run=dry_run, json=json)
    if is_unknown:
        print_error(f"Nothing is stored about {email}.{near}")
        return 1
    if not clean:
        print_error(
            "Traces may be left in the database file, because another process was reading it. Run this command again."
        )
    return 0 if clean else 1


def _print_result(found: PersonalData, tables: int | None, *, dry_run: bool, json: bool) -> None:
    if json:
        counts = {
            "messages": found.messages,
            "records": found.records,
            "links": found.links,
            "mentions": found.mentions,
        }
        as_json({"dry_run": dry_run, **found.keys, **counts, "prefect_tables": tables, "working": found.working})
        return
    rows: list[tuple[str, object, str]] = [
        ("what was read from Acumatica", found.records, _names(found)),
        ("what was sent to Magento", found.links, "the link to its Magento id stays"),
        ("messages", found.messages, "their contents and reasons; the key and the state stay"),
        ("reasons of others", found.mentions, "the e-mail in them"),
        ("tables in Prefect", "-" if tables is None else tables, "no server configured" if tables is None else ""),
    ]
    table("Would be erased" if dry_run else "Erased", ("what", "how many", ""), rows, ("how many",))
    if found.working and not dry_run:
        out.print(
            f"A run works on {' and '.join(found.working)} just now, and may store again what it had read before: "
            "run this again when it has ended.",
            markup=False,
        )


def _names(found: PersonalData) -> str:
    return "; ".join(f"{entity} {', '.join(keys)}" for entity, keys in found.keys.items() if keys)
