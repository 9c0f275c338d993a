"""Setup Parameters as form fields: what each field shows, and how a submitted form is read.

Labels, help, units, bounds, choices and columns are derived from the declarations of the settings (`settings.declare`).
Values are exchanged in the representation of `settings.form`: choices by label, maps as rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from starlette.datastructures import ImmutableMultiDict

from settings import Setting, Settings, all_settings, as_form, origins
from settings.declare import label_of
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
from settings.offers import Offer, offer_of

EMPTY_ROWS = 2
"""The number of empty rows at the end of a table."""
MOST_ROWS = 2_000
ORIGINS = {
    "environment": "fixed by the environment",
    ".env": "fixed by the file .env",
    "UI": "saved here",
    "settings file": "settings file",
    "default": "",
}
"""The text on the page for each origin of a value."""
FIXED = ("environment", ".env")
_ROW = re.compile(r"(\d{1,5})\.(\w+)")
Form = ImmutableMultiDict[str, str]
Filled = dict[str, Any]


@dataclass(frozen=True)
class Option:
    """A value that can be chosen, with its label."""

    value: str
    label: str


@dataclass(frozen=True)
class Column:
    """A column of a table. kind: text, list, check or choice. offer: the list of suggested names."""

    name: str
    label: str
    help_text: str
    kind: str
    options: Sequence[Option] = ()
    offer: str = ""


@dataclass(frozen=True)
class Field:
    """One setting on a page.

    Attributes:
        kind: text, number, check, choice, ticks, list, table or secret.
        value: The value in the representation of its kind.
        error: What is wrong with the value.
        is_set: Whether a secret has a value, which is never shown.
    """

    setting: Setting
    kind: str
    value: Any
    origin: str
    error: str = ""
    options: Sequence[Option] = ()
    columns: Sequence[Column] = ()
    is_set: bool = False

    @property
    def id(self) -> str:
        """The id of the field's element in the document."""
        return f"{self.setting.section}-{self.setting.field}"

    @property
    def name(self) -> str:
        """The name of the field in the form."""
        return f"f.{self.setting.field}"

    @property
    def offer(self) -> str:
        """The id of the list of suggested names; empty if there is none."""
        return list_id(offer_of(self.setting.section, self.setting.field))

    @property
    def is_fixed(self) -> bool:
        """Whether the environment or `.env` overrides the value."""
        return self.origin in FIXED

    @property
    def where_from(self) -> str:
        """The origin of the value as text; empty for the default."""
        return ORIGINS[self.origin]

    @property
    def default(self) -> str:
        """The default as text; empty if it has no useful text."""
        return _default(self.setting) or ""


@dataclass
class Answers:
    """A submitted form: values as in `settings.form`, secrets (None removes one), and errors by field."""

    filled: Filled = field(default_factory=dict)
    secrets: dict[str, str | None] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def settings_in(section: str) -> list[Setting]:
    """Return the settings on the page of a section. The confirmation of a secret is part of its field."""
    return [
        setting for setting in all_settings() if setting.section == section and not setting.field.startswith("confirm_")
    ]


def fields_of(
    section: str,
    settings: Settings,
    saved: Saved,
    *,
    filled: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[Field]:
    """Return the fields of a section with the effective values, or with the values of a submitted form (`filled`)."""
    values, where_from = {**as_form(settings)[section], **(filled or {})}, origins(saved)
    return [
        _field(
            setting,
            values.get(setting.field),
            settings,
            where_from(section, setting.field),
            (errors or {}).get(setting.field, ""),
        )
        for setting in settings_in(section)
    ]


def _field(setting: Setting, value: Any, settings: Settings, origin: str, error: str) -> Field:
    match setting.kind:
        case Secret():
            kept = setting.value_in(settings)
            return Field(
                setting,
                "secret",
                "",
                origin,
                error,
                is_set=isinstance(kept, SecretStr) and bool(kept.get_secret_value()),
            )
        case YesNo():
            return Field(setting, "check", bool(value), origin, error)
        case Choice(labels=labels):
            options = [Option(str(key), label) for key, label in labels.items()]
            chosen = next((o.value for o in options if value in (o.value, o.label)), str(value))
            return Field(setting, "choice", chosen, origin, error, options)
        case ListOf(values=values) if values:
            return Field(
                setting,
                "ticks",
                value or [],
                origin,
                error,
                [Option(each, each.replace("_", " ").capitalize()) for each in values],
            )
        case ListOf():
            return Field(setting, "list", "\n".join(map(str, value or [])), origin, error)
        case Table(row=row):
            return Field(setting, "table", value or [], origin, error, columns=_offered(setting, _columns(row)))
        case Map() as kind:
            return Field(setting, "table", value or [], origin, error, columns=_offered(setting, _columns_of_map(kind)))
        case Number():
            return Field(setting, "number", _number(value), origin, error)
    return Field(setting, "text", "" if value is None else str(value), origin, error)


def list_id(offer: Offer | None) -> str:
    """Return the id of a list of suggested names in the document; empty for None."""
    return f"offer-{offer.name.lower()}" if offer else ""


def _offered(setting: Setting, columns: Iterable[Column]) -> list[Column]:
    return [
        replace(column, offer=list_id(offer_of(setting.section, setting.field, column.name)))
        if column.kind == "text"
        else column
        for column in columns
    ]


def _number(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) and abs(value) < 1e15 else str(value)


def _columns(row: type[BaseModel]) -> Iterator[Column]:
    for name, declared in row.model_fields.items():
        options: tuple[Option, ...] = ()
        match kind_of(declared):
            case YesNo():
                kind = "check"
            case ListOf():
                kind = "list"
            case Choice(labels=labels):
                kind, options = "choice", tuple(Option(str(key), label) for key, label in labels.items())
            case _:
                kind = "text"
        yield Column(name, label_of(name, declared), declared.description or "", kind, options)


def _columns_of_map(kind: Map) -> Iterator[Column]:
    yield Column("name", kind.columns[0], "", "text")
    value = plain_type(kind.value)
    if is_model(value):
        yield from _columns(value)
        return
    options = tuple(Option(each, each) for each in get_args(value)) if get_origin(value) is not None else ()
    yield Column("value", kind.columns[1], "", "choice" if options else "text", options)


def _default(setting: Setting) -> str | None:
    value = setting.default
    match setting.kind:
        case Choice() as choice:
            return choice.label_of(value)
        case YesNo():
            return "on" if value else "off"
        case Number() if value is not None:
            return _number(value if isinstance(value, int) else float(value))
        case Text() if value:
            return str(value)
    return None


def answers_of(section: str, form: Form) -> Answers:
    """Read a submitted form of the section. Fields that the page did not show are left out."""
    answers = Answers()
    for setting in settings_in(section):
        if f"p.{setting.field}" in form:
            if setting.is_secret:
                _read_secret(setting, form, answers)
            else:
                answers.filled[setting.field] = _read(setting, form)
    return answers


def _read(setting: Setting, form: Form) -> Any:
    name = f"f.{setting.field}"
    match setting.kind:
        case YesNo():
            return name in form
        case ListOf(values=values) if values:
            return form.getlist(name)
        case ListOf():
            return _list(form.get(name, ""))
        case Table(row=row):
            return list(_rows(name, list(_columns(row)), form))
        case Map() as kind:
            return list(_rows(name, list(_columns_of_map(kind)), form))
        case Number() | Instant():
            return form.get(name, "").strip() or None
    return form.get(name, "").strip()


def _list(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[\n,]", text) if part.strip()]


def _rows(name: str, columns: Sequence[Column], form: Form) -> Iterator[dict[str, Any]]:
    """Yield the rows that are not empty."""
    rows: dict[int, dict[str, str]] = {}
    for key, value in form.multi_items():
        found = _ROW.fullmatch(key.removeprefix(f"{name}.")) if key.startswith(f"{name}.") else None
        if found and len(rows) < MOST_ROWS:
            rows.setdefault(int(found[1]), {})[found[2]] = value.strip()
    for number in sorted(rows):
        given = rows[number]
        if any(given.get(column.name) for column in columns if column.kind in ("text", "list")):
            yield {column.name: _cell(column, given.get(column.name, "")) for column in columns}


def _cell(column: Column, text: str) -> Any:
    if column.kind == "check":
        return bool(text)
    return _list(text) if column.kind == "list" else text


def _read_secret(setting: Setting, form: Form, answers: Answers) -> None:
    """Read a secret, which must be entered twice. An empty field keeps the current one."""
    typed, again = (form.get(f"{kind}.{setting.field}", "").strip() for kind in ("s", "s2"))
    if f"sx.{setting.field}" in form:
        answers.secrets[setting.field] = None
    elif typed != again:
        answers.errors[setting.field] = f"{setting.label} and Confirm {setting.label} differ: type both again."
    elif typed:
        answers.secrets[setting.field] = typed


def changed(section: str, filled: Mapping[str, Any], shown: Settings) -> Filled:
    """Return the values that differ from what the page had shown. Others may have been changed by somebody else."""
    before = as_form(shown)[section]
    known = {setting.field: setting for setting in settings_in(section)}
    return {name: value for name, value in filled.items() if not _is_same(known[name], value, before.get(name))}


def _is_same(setting: Setting, value: Any, before: Any) -> bool:
    if isinstance(setting.kind, Choice):
        return value in (
            before,
            next((str(key) for key, label in setting.kind.labels.items() if label == before), None),
        )
    if isinstance(setting.kind, Number):
        return _number(before) == ("" if value is None else value)
    empty: tuple[Any, ...] = (None, "", [], ())
    return value == before or (value in empty and before in empty)
