"""Setup Parameters as one form: a pydantic model of plain fields, in the order and with the labels of the screen.

The form is generated from the settings, so that none can be missing. Secrets are left out, because Prefect stores what
is entered as plain text. Choices are shown as labels and maps as tables; `from_form` converts both back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, get_origin

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model

from settings.declare import Setting, label_of
from settings.errors import SettingsError
from settings.kinds import (
    Choice,
    Instant,
    ListOf,
    Map,
    Number,
    Secret,
    Table,
    Text,
    YesNo,
    is_model,
    kind_of,
    plain_type,
)
from settings.locations import Saved
from settings.origin import fixed_by, renamed
from settings.settings import Settings, all_settings, sections


def _never_empty(schema: dict[str, Any]) -> None:
    """Mark fields that always have a value as required, so that the screen does not call them optional."""
    fields = schema.get("properties", {})
    schema["required"] = [name for name, field in fields.items() if field.get("default", 0) not in (None, "", [])]


class FormModel(BaseModel):
    """The base class of the form and its parts."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_never_empty)


def form() -> type[BaseModel]:
    """Return the form: one group for each section."""
    groups: dict[str, Any] = {}
    for section, label in sections().items():
        fields: dict[str, Any] = {
            setting.field: _field(setting) for setting in form_settings() if setting.section == section
        }
        part = create_model(label.replace(" ", ""), __base__=FormModel, __module__=__name__, **fields)
        groups[section] = (part, Field(default_factory=part, title=label))
    return create_model("SetupParameters", __base__=FormModel, __module__=__name__, **groups)


def form_settings() -> list[Setting]:
    """Return the settings of the form in their order: all except secrets."""
    return [setting for setting in all_settings() if not setting.is_secret]


def as_form(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the effective values in the form's representation. Empty ones are left out."""
    filled: dict[str, dict[str, Any]] = {section: {} for section in sections()}
    for setting in form_settings():
        value = _form_value(setting, setting.as_json(setting.value_in(settings)))
        if value is not None:
            filled[setting.section][setting.field] = value
    return filled


def from_form(filled: Mapping[str, Any]) -> Saved:
    """Return the submitted settings by section and field. Raises `SettingsError`.

    Prefect's UI sends nothing for a field that was emptied. So a field that is missing from a submitted group gets its
    default if that is empty.
    """
    submitted: dict[str, dict[str, Any]] = {}
    known = {(setting.section, setting.field): setting for setting in form_settings()}
    for section, fields in renamed(filled).items():
        if not isinstance(fields, Mapping):
            raise SettingsError(f"{sections().get(section, section)}: it must be a group of fields.")
        for field, value in fields.items():
            setting = known.get((section, field))
            submitted.setdefault(section, {})[field] = value if setting is None else _setting_value(setting, value)
    for setting in known.values():
        if setting.section in submitted and setting.default in (None, "", (), {}):
            submitted[setting.section].setdefault(setting.field, setting.default)
    return submitted


def _form_value(setting: Setting, value: Any) -> Any:
    """Return a JSON value in the form's representation."""
    match setting.kind:
        case Choice() as choice:
            return choice.label_of(value)
        case Map():
            return [
                {"name": key, **(row if isinstance(row, Mapping) else {"value": row})} for key, row in value.items()
            ]
        case Number(type=number) if number is Decimal:
            return float(value)
    return value


def _setting_value(setting: Setting, value: Any) -> Any:
    """Return the setting's value for a value of the form. Raises `SettingsError`."""
    if value is None:
        return setting.default
    match setting.kind:
        case Choice() as choice:
            try:
                return choice.value_of(str(value))
            except ValueError as error:
                raise SettingsError(f"{setting.name} = {value!r}: {error}.") from error
        case Map():
            return _map(setting.name, value)
    return value


def _map(name: str, rows: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        if not isinstance(row, Mapping) or not row.get("name"):
            raise SettingsError(f"{name}: every row needs its first column.")
        key = str(row["name"]).strip()
        if key in found:
            raise SettingsError(f"{name}: {key} occurs twice.")
        rest = {column: value for column, value in row.items() if column != "name"}
        found[key] = rest["value"] if set(rest) == {"value"} else rest
    return found


def _field(setting: Setting) -> tuple[Any, Any]:
    default = _form_value(setting, setting.as_json(setting.default))
    description = setting.help_with_range
    fixed = fixed_by(setting.section, setting.field)
    if fixed:
        description = f"Fixed by the {fixed}: it cannot be changed here. {description}"
    bounds = setting.bounds.given if isinstance(setting.kind, Number | Text) else {}
    return _type_of(setting), Field(default, title=setting.label, description=description, **bounds)


def _type_of(setting: Setting) -> Any:
    """Return the type of a setting in the form."""
    match setting.kind:
        case Choice(labels=labels):
            return Literal[tuple(labels.values())]
        case Map() as found:
            return list[_row_of_map(setting.label, found)]  # type: ignore[misc]
        case Table(row=row):
            columns: dict[str, Any] = {name: _column(name, declared) for name, declared in row.model_fields.items()}
            model = create_model(f"{setting.label}, row", __base__=FormModel, __module__=__name__, **columns)
            return list[model]
        case ListOf(values=values):
            return list[Literal[values]] if values else list[str]  # type: ignore[valid-type]
        case Number(type=number):
            return float if number is Decimal else number
        case YesNo():
            return bool
        case Instant():
            return AwareDatetime
        case Text() | Secret():
            return str


def _row_of_map(label: str, kind: Map) -> type[BaseModel]:
    """Return the model of a map's row: its key, then its value or the fields of its row."""
    columns: dict[str, Any] = {"name": (str, Field(title=kind.columns[0], min_length=1))}
    value = plain_type(kind.value)
    if is_model(value):
        columns |= {name: _column(name, declared) for name, declared in value.model_fields.items()}
    else:
        columns["value"] = (value if get_origin(value) is Literal else str, Field(title=kind.columns[1]))
    return create_model(f"{label}, row", __base__=FormModel, __module__=__name__, **columns)


def _column(name: str, declared: Any) -> tuple[Any, Any]:
    kind = list[str] if isinstance(kind_of(declared), ListOf) else plain_type(declared.annotation)
    default = ... if declared.is_required() else declared.default
    return kind, Field(default, title=label_of(name, declared), description=declared.description)
