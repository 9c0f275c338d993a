"""Setup Parameters as one form: a pydantic model of plain fields, in the order and the words of the screen.

Made from the settings themselves, so that a setting cannot be missing. Secrets are left out: what is typed into a form
is kept in the clear. Choices become words, maps become tables, and both are turned back by `from_form`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, create_model

from settings.reading import SettingsError, all_fields, fixed_by, is_secret, setting_name
from settings.saving import in_force_as_json
from settings.screen import Saved, Settings
from settings.words import CHOICES, COLUMNS, SECTIONS, title

_BOUNDS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")


def _never_empty(schema: dict[str, Any]) -> None:
    """Fields that always have a value are not called optional on the screen."""
    fields = schema.get("properties", {})
    schema["required"] = [name for name, field in fields.items() if field.get("default", 0) not in (None, "", [])]


class FormModel(BaseModel):
    """What every part of the form has in common."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_never_empty)


def form() -> type[BaseModel]:
    """The form: one group for each section."""
    groups: dict[str, Any] = {}
    for section, name in SECTIONS.items():
        part = create_model(name.replace(" ", ""), __base__=FormModel, __module__=__name__, **_fields_of(section))
        groups[section] = (part, Field(default_factory=part, title=name))
    return create_model("SetupParameters", __base__=FormModel, __module__=__name__, **groups)


def shown_fields() -> list[tuple[str, str, Any]]:
    """The fields of the form in its order: section, field, pydantic's description; no secrets."""
    by_section: dict[str, list[tuple[str, str, Any]]] = {section: [] for section in SECTIONS}
    for section, field, about in all_fields():
        if not is_secret(about):
            by_section[section].append((section, field, about))
    return [one for fields in by_section.values() for one in fields]


def as_form(settings: Settings) -> dict[str, dict[str, Any]]:
    """The values in force, as the form has them. What is empty is left out."""
    filled: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for section, field, about in shown_fields():
        value = _shown(section, field, in_force_as_json(settings, section, field, about))
        if value is not None:
            filled[section][field] = float(value) if _plain(about) is Decimal else value
    return filled


def from_form(filled: Mapping[str, Any]) -> Saved:
    """The settings that somebody filled in. A field that was emptied is its default: Prefect's UI sends nothing for it,
    so what is missing in a group and may be empty, is empty. Raises `SettingsError`.
    """
    wanted: dict[str, dict[str, Any]] = {}
    known = {(section, field): about for section, field, about in shown_fields()}
    for section, fields in filled.items():
        if not isinstance(fields, Mapping):
            raise SettingsError(f"{SECTIONS.get(section, section)}: it must be a group of fields.")
        for field, value in fields.items():
            about = known.get((section, field))
            empty = value is None and about is not None
            wanted.setdefault(section, {})[field] = (
                about.get_default(call_default_factory=True) if empty and about else _meant(section, field, value)
            )
    for section, field, about in shown_fields():
        default = about.get_default(call_default_factory=True)
        if section in wanted and default in (None, "", (), {}):
            wanted[section].setdefault(field, default)
    return wanted


def _shown(section: str, field: str, value: Any) -> Any:
    if (section, field) in CHOICES:
        return CHOICES[section, field][value]
    if (section, field) in COLUMNS:
        return [{"name": key, **(row if isinstance(row, Mapping) else {"value": row})} for key, row in value.items()]
    return value


def _meant(section: str, field: str, value: Any) -> Any:
    if (section, field) in CHOICES:
        words = {word: meant for meant, word in CHOICES[section, field].items()}
        if value not in words:
            raise SettingsError(f"{setting_name(section, field)} = {value!r}: it must be one of {', '.join(words)}.")
        return words[value]
    if (section, field) in COLUMNS:
        return _map(setting_name(section, field), value)
    return value


def _map(name: str, rows: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        if not isinstance(row, Mapping) or not row.get("name"):
            raise SettingsError(f"{name}: every row needs its first column.")
        key = str(row["name"]).strip()
        if key in found:
            raise SettingsError(f"{name}: {key} stands in it twice.")
        rest = {column: value for column, value in row.items() if column != "name"}
        found[key] = rest["value"] if set(rest) == {"value"} else rest
    return found


def _fields_of(section: str) -> dict[str, Any]:
    return {field: _field(section, field, about) for one, field, about in shown_fields() if one == section}


def _field(section: str, field: str, about: Any) -> tuple[Any, Any]:
    kind, default = _kind(section, field, about), _shown(section, field, about.get_default(call_default_factory=True))
    if isinstance(default, tuple):
        default = list(default)
    if isinstance(default, Decimal):
        default = float(default)
    bounds = {
        name: getattr(one, name)
        for one in about.metadata
        for name in _BOUNDS
        if getattr(one, name, None) is not None and kind in (int, float, str)
    }
    within = ", ".join(filter(None, [(about.json_schema_extra or {}).get("unit"), _range(bounds)]))
    description = f"{about.description} ({within})" if within else about.description
    fixed = fixed_by(section, field)
    if fixed:
        description = f"Fixed by the {fixed}: it cannot be changed here. {description}"
    return kind, Field(default, title=title(section, field), description=description, **bounds)


def _range(bounds: Mapping[str, Any]) -> str:
    """The bounds of a number in words."""
    lowest = f"{bounds['ge']:,}" if "ge" in bounds else f"more than {bounds['gt']:,}" if "gt" in bounds else ""
    if "le" in bounds:
        return f"{lowest} to {bounds['le']:,}" if lowest else f"at most {bounds['le']:,}"
    return f"at least {lowest}" if "ge" in bounds else lowest


def _kind(section: str, field: str, about: Any) -> Any:
    if (section, field) in CHOICES:
        return Literal[tuple(CHOICES[section, field].values())]
    kind = _plain(about)
    if (section, field) in COLUMNS:
        return list[_row(section, field, get_args(kind)[1])]  # type: ignore[misc]
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        return list[_table_row(inner)] if _is_model(inner) else list[str]  # type: ignore[misc]
    return {Decimal: float}.get(kind, kind)


def _plain(about: Any) -> Any:
    """The type of a field without *or nothing* and without what is only checked."""
    kind = about.annotation
    if get_origin(kind) in (Union, UnionType):
        kind = next(one for one in get_args(kind) if one is not type(None))
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    return kind


def _row(section: str, field: str, value: Any) -> type[BaseModel]:
    """A row of a map shown as a table: its key, then its value or the fields of its value."""
    key, column = COLUMNS[section, field]
    columns: dict[str, Any] = {"name": (str, Field(title=key, min_length=1))}
    if _is_model(value):
        columns |= _columns(value)
    else:
        columns["value"] = (value if get_origin(value) is Literal else str, Field(title=column))
    return create_model(f"{title(section, field)}, row", __base__=FormModel, __module__=__name__, **columns)


def _table_row(model: type[BaseModel]) -> type[BaseModel]:
    return create_model("Branch", __base__=FormModel, __module__=__name__, **_columns(model))


def _columns(model: type[BaseModel]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, about in model.model_fields.items():
        kind = _plain(about)
        shown = list[str] if get_origin(kind) is tuple else kind
        default = ... if about.is_required() else about.default
        label = name.replace("_", " ").capitalize()
        columns[name] = (shown, Field(default, title=label, description=about.description))
    return columns


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
