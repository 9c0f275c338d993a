"""Every setting as a page of the documentation, from the models themselves."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr

from settings.reading import all_fields, setting_name

HEAD = """# Setup Parameters

Every setting, by its name in the environment and in `.env`. Lists and maps are JSON. In the settings file (TOML,
`settings.toml` in the state folder, or the file that `A2M_SETTINGS` names) the same names stand in a table per section:
`A2M_QUEUE__BATCH_COUNT` is `batch_count` in `[queue]`. Highest first: environment, `.env`, saved from the
Prefect UI (Setup Parameters), settings file, default.

Beside them: `A2M_HOME` (the state folder), `A2M_SETTINGS` (the settings file), `A2M_DATABASE_URL` (the state database;
default: SQLite in the state folder).

This page is made from the settings themselves: `python -m settings.reference > docs/reference/settings.md`.
"""


def as_markdown() -> str:
    """The page: a table per section with name, values, default and meaning."""
    parts = [HEAD]
    section_before = ""
    for section, field, about in all_fields():
        if section != section_before:
            parts.append(f"\n## {section.replace('_', ' ').capitalize()}\n\n| setting | values | default | meaning |")
            parts.append("|---|---|---|---|")
            section_before = section
        cells = (f"`{setting_name(section, field)}`", _values(about), _default(about), about.description or "")
        parts.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(parts) + "\n"


def _values(about: Any) -> str:
    kind = about.annotation
    if get_origin(kind) is Literal:
        return " · ".join(f"`{value}`" for value in get_args(kind))
    if kind is bool:
        return "`true` · `false`"
    unit = (about.json_schema_extra or {}).get("unit", "")
    bounds = _bounds(about)
    if bounds or unit:
        return " ".join(part for part in (unit, bounds) if part)
    if SecretStr in (kind, *get_args(kind)):
        return "secret"
    if "tuple" in str(kind):
        return "list"
    return "map" if "dict" in str(kind) else "text"


def _bounds(about: Any) -> str:
    found = {
        name: getattr(one, name) for one in about.metadata for name in ("ge", "gt", "le", "lt") if hasattr(one, name)
    }
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    return ", ".join(f"{signs[name]} {value}" for name, value in found.items())


def _default(about: Any) -> str:
    value = about.default
    if value in (None, "", (), {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(repr(one) for one in value)}]`".replace("'", '"')
    return f"`{value}`"


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - this is what the module is run for
