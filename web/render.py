"""Render pages from templates. All values are escaped."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web.links import plainly, with_commands, with_links
from web.navigation import PAGES

HERE = Path(__file__).parent


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["plural"] = lambda count, one, many: f"{count:,} {one if count == 1 else many}"
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["with_links"] = with_links
    environment.filters["with_commands"] = with_commands
    environment.filters["plainly"] = plainly
    environment.globals["pages"] = PAGES
    environment.globals["version"] = version("acumatica_magento")
    return environment


def render(template: str, **names: Any) -> str:
    """Return a page, or a part of a page, as HTML."""
    return _environment().get_template(template).render(**names)
