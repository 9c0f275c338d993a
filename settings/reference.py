"""Generate the reference page of the settings for the documentation."""

from __future__ import annotations

from settings.declare import Setting
from settings.kinds import Choice, Instant, ListOf, Map, Number, Secret, Table, Text, YesNo
from settings.settings import all_settings, sections

HEAD = """# Setup Parameters

Every setting, by its name in the environment and in `.env`, with its label on the screen. Lists and maps are JSON. In
the settings file (TOML, `settings.toml` in the state folder, or the file that `A2M_SETTINGS` names) the same names
stand in a table per section: `A2M_QUEUE__BATCH_COUNT` is `batch_count` in `[queue]`. From the highest precedence to
the lowest: environment, `.env`, saved in the workspace or in the Prefect UI (Setup Parameters), settings file, default.

In addition: `A2M_HOME` (the state folder), `A2M_SETTINGS` (the settings file), `A2M_DATABASE_URL` (the state database;
default: SQLite in the state folder), and how the connector logs, by the environment and `.env` alone: `A2M_LOG_LEVEL`
(`DEBUG`, `INFO`, `WARNING` or `ERROR`; default: `INFO` in runs in Prefect, `WARNING` for a command, which shows its
results itself) and `A2M_LOG_FORMAT` (`text` or `json`; default: `text`).

This page is made from the settings themselves: `python -m settings.reference > docs/reference/settings.md`.
"""


def as_markdown() -> str:
    """Return the page: a table per section with name, label, values, default and meaning."""
    parts = [HEAD]
    for section, label in sections().items():
        parts += [f"\n## {label}", "", "| setting | label | values | default | meaning |", "|---|---|---|---|---|"]
        for one in all_settings():
            if one.section == section:
                cells = (f"`{one.name}`", one.label, _values(one), _default(one), _meaning(one))
                parts.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(parts) + "\n"


def _meaning(setting: Setting) -> str:
    return f"{setting.help_text} Formerly `{setting.former_name}`." if setting.former_name else setting.help_text


def _values(setting: Setting) -> str:
    match setting.kind:
        case Choice(labels=labels):
            return " · ".join(
                label if value is None else f"`{_text(value)}` {label}" for value, label in labels.items()
            )
        case YesNo():
            return "`true` · `false`"
        case Number():
            return setting.range
        case Instant():
            return "date, time and zone, such as `2026-01-31T00:00:00Z`"
        case ListOf(values=values):
            return "list of " + " · ".join(f"`{value}`" for value in values) if values else "list"
        case Table():
            return "list of rows"
        case Map():
            return "map"
        case Secret():
            return "secret"
        case Text():
            return "text"


def _default(setting: Setting) -> str:
    value = setting.default
    if value in (None, "", (), {}):
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(repr(one) for one in value)}]`".replace("'", '"')
    return f"`{_text(value)}`"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - this is what the module is run for
