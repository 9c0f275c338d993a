"""Declare settings: each is declared once, as a field of its section, and everything else is derived from that.

`setting()` declares a field with its default and help text and, if needed, its label, unit, choices, table columns and
bounds. `Setting` is the view of a declared setting for the form, the command line, messages and the reference page; its
`kind` determines how it is shown (ADR 0038).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.fields import FieldInfo

from settings.kinds import INSTANT, Instant, Kind, ListOf, Map, Secret, Table, extra_of, kind_of

PREFIX = "A2M_"
_BOUNDS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")


def setting(
    default: Any,
    help_text: str,
    *,
    label: str = "",
    unit: str = "",
    choices: Mapping[Any, str] | None = None,
    columns: tuple[str, ...] = (),
    formerly: str = "",
    **others: Any,
) -> Any:
    """Declare one setting.

    Args:
        default: The value if nobody sets it; `...` for a required field of a table row.
        help_text: What the setting does, for an ERP administrator.
        label: The name on the screen, if it does not follow from the field's: `batch_size` becomes *Batch size*.
        unit: The unit of a number.
        choices: The label of every value that can be chosen.
        columns: The headings of a map, which the screen shows as a table: of the key and, unless the rows have fields
            of their own, of the value.
        formerly: The name of the field in the previous version.
        others: Bounds (`ge`, `le`, `pattern`, …) and `alias`, passed on to pydantic.
    """
    extra: dict[str, Any] = {"unit": unit, "choices": choices, "columns": columns, "formerly": formerly}
    extra = {name: value for name, value in extra.items() if value}
    return Field(default, title=label or None, description=help_text, json_schema_extra=extra or None, **others)


@dataclass(frozen=True)
class Bounds:
    """The bounds of a value, by pydantic's names (`ge`, `le`, `pattern`, …)."""

    given: Mapping[str, Any]

    def __str__(self) -> str:
        """Return the bounds of a number as text, such as *1 to 59*."""
        signs = {"ge": "{:,}", "gt": "more than {:,}", "le": "{:,}", "lt": "less than {:,}"}
        words = {sign: text.format(self.given[sign]) for sign, text in signs.items() if sign in self.given}
        lowest, highest = (words.get(closed) or words.get(open_) for closed, open_ in (("ge", "gt"), ("le", "lt")))
        if lowest and highest:
            return f"{lowest} to {highest}"
        if lowest:
            return f"at least {lowest}" if "ge" in words else lowest
        return f"at most {highest}" if "le" in words else highest or ""


@dataclass(frozen=True)
class Setting:
    """A declared setting: its section, its names and the values that it accepts.

    `field` is its name in files. `attribute` is its name in Python, which differs for reserved words.
    """

    section: str
    field: str
    attribute: str
    declared: FieldInfo

    @property
    def name(self) -> str:
        """The name in the environment."""
        return setting_name(self.section, self.field)

    @property
    def former_field(self) -> str:
        """The name of the field in the previous version; empty if it is the same."""
        return str(extra_of(self.declared).get("formerly", ""))

    @property
    def former_name(self) -> str:
        """The name in the environment in the previous version; empty if it is the same."""
        return setting_name(self.section, self.former_field) if self.former_field else ""

    @property
    def label(self) -> str:
        """The name on the screen."""
        return label_of(self.field, self.declared)

    @property
    def help_text(self) -> str:
        """What the setting does, for an ERP administrator."""
        return self.declared.description or ""

    @property
    def help_with_range(self) -> str:
        """What the setting does, with its range."""
        return f"{self.help_text} ({self.range})" if self.range else self.help_text

    @property
    def unit(self) -> str:
        """The unit of a number; empty if it has none."""
        return str(extra_of(self.declared).get("unit", ""))

    @property
    def bounds(self) -> Bounds:
        """The bounds of the value."""
        return bounds_of(self.declared)

    @property
    def range(self) -> str:
        """Unit and bounds as text, or the format of an instant; empty if there are none."""
        instant = INSTANT if isinstance(self.kind, Instant) else ""
        return ", ".join(part for part in (self.unit, str(self.bounds), instant) if part)

    @cached_property
    def kind(self) -> Kind:
        """The kind of the setting."""
        return kind_of(self.declared)

    @property
    def is_secret(self) -> bool:
        """Whether the value must not be shown."""
        return isinstance(self.kind, Secret)

    @property
    def is_structured(self) -> bool:
        """Whether the value is JSON in the environment."""
        return isinstance(self.kind, ListOf | Table | Map)

    @property
    def default(self) -> Any:
        """The value if nobody sets it."""
        return self.declared.get_default(call_default_factory=True)

    def value_in(self, settings: BaseModel) -> Any:
        """Return the setting's value in these settings."""
        return getattr(getattr(settings, self.section), self.attribute)

    def as_json(self, value: Any) -> Any:
        """Return a valid value in its JSON form."""
        return self._adapter.dump_python(value, mode="json", by_alias=True)

    def validated(self, value: Any) -> Any:
        """Return the validated value. Raises pydantic's `ValidationError`."""
        return self._adapter.validate_python(value)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        kind: Any = self.declared.annotation
        return TypeAdapter(Annotated[kind, *self.declared.metadata] if self.declared.metadata else kind)


def sections_of(whole: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the name and the model of every section."""
    for name, declared in whole.model_fields.items():
        if isinstance(declared.annotation, type) and issubclass(declared.annotation, BaseModel):
            yield name, declared.annotation


def settings_of(whole: type[BaseModel]) -> Iterator[Setting]:
    """Yield every setting, section after section."""
    for section, model in sections_of(whole):
        for attribute, declared in model.model_fields.items():
            yield Setting(section, declared.alias or attribute, attribute, declared)


def setting_name(section: str, field: str) -> str:
    """Return the name of a field in the environment."""
    return f"{PREFIX}{section.upper()}__{field.removesuffix('_').upper()}"


def label_of(field: str, declared: FieldInfo) -> str:
    """Return the name of a field on the screen."""
    return declared.title or field.replace("_", " ").capitalize()


def bounds_of(declared: FieldInfo) -> Bounds:
    """Return the bounds of a field."""
    found = {name: getattr(rule, name, None) for rule in declared.metadata for name in _BOUNDS if hasattr(rule, name)}
    return Bounds({name: value for name, value in found.items() if value is not None})
