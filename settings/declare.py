"""How a setting is declared: once, as a field of its section, and what everything else derives from that.

`setting()` takes the default and the help text, and where they are needed the label, the unit, the choices, the columns
of a table and the bounds. `Setting` is a declared setting as the form, the command line, the messages and the reference
page see it; its `kind` says what they have to show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.fields import FieldInfo

from settings.kinds import INSTANT, Instant, Kind, ListOf, Map, Secret, Table, beside_of, kind_of

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
    """Declare one setting. `others` are its bounds (`ge`, `le`, `pattern`, …) and its `alias`, as pydantic has them.

    Args:
        default: Its value where nobody sets it; `...` in a row of a table that needs one.
        help_text: What it does, for an ERP administrator.
        label: Its name on the screen, where the name of the field does not say it: `batch_size` is *Batch size*.
        unit: What a number counts.
        choices: The label of every value that can be chosen.
        columns: The headings of a map, which the screen shows as a table: the key's and, unless its rows have fields of
            their own, the value's.
        formerly: The name that its field had in the last version.
    """
    beside: dict[str, Any] = {"unit": unit, "choices": choices, "columns": columns, "formerly": formerly}
    beside = {name: value for name, value in beside.items() if value}
    return Field(default, title=label or None, description=help_text, json_schema_extra=beside or None, **others)


@dataclass(frozen=True)
class Bounds:
    """What a value has to keep to."""

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
    """One setting: where it stands, how it is called, and what it can be.

    `field` is its name in files; `attribute` that in Python, which differs for words that Python keeps for itself.
    """

    section: str
    field: str
    attribute: str
    declared: FieldInfo

    @property
    def name(self) -> str:
        """Its name in the environment."""
        return setting_name(self.section, self.field)

    @property
    def former_field(self) -> str:
        """The name that its field had in the last version; empty for none."""
        return str(beside_of(self.declared).get("formerly", ""))

    @property
    def former_name(self) -> str:
        """The name that it had in the environment in the last version; empty for none."""
        return setting_name(self.section, self.former_field) if self.former_field else ""

    @property
    def label(self) -> str:
        """Its name on the screen."""
        return label_of(self.field, self.declared)

    @property
    def help_text(self) -> str:
        """What it does, for an ERP administrator."""
        return self.declared.description or ""

    @property
    def help_with_range(self) -> str:
        """What it does, and what it can be."""
        return f"{self.help_text} ({self.range})" if self.range else self.help_text

    @property
    def unit(self) -> str:
        """What a number counts; empty for none."""
        return str(beside_of(self.declared).get("unit", ""))

    @property
    def bounds(self) -> Bounds:
        """What its value has to keep to."""
        return bounds_of(self.declared)

    @property
    def range(self) -> str:
        """Unit and bounds as text, or how an instant is written; empty where there is none."""
        instant = INSTANT if isinstance(self.kind, Instant) else ""
        return ", ".join(part for part in (self.unit, str(self.bounds), instant) if part)

    @cached_property
    def kind(self) -> Kind:
        """What sort of setting it is."""
        return kind_of(self.declared)

    @property
    def is_secret(self) -> bool:
        """Whether its value is never shown."""
        return isinstance(self.kind, Secret)

    @property
    def is_structured(self) -> bool:
        """Whether it is written as JSON in the environment."""
        return isinstance(self.kind, ListOf | Table | Map)

    @property
    def default(self) -> Any:
        """Its value where nobody sets it."""
        return self.declared.get_default(call_default_factory=True)

    def value_in(self, settings: BaseModel) -> Any:
        """Return its value among all settings."""
        return getattr(getattr(settings, self.section), self.attribute)

    def as_json(self, value: Any) -> Any:
        """Return a valid value as JSON has it."""
        return self._adapter.dump_python(value, mode="json", by_alias=True)

    def validated(self, value: Any) -> Any:
        """Return what a value means. Raises pydantic's `ValidationError`."""
        return self._adapter.validate_python(value)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        kind: Any = self.declared.annotation
        return TypeAdapter(Annotated[kind, *self.declared.metadata] if self.declared.metadata else kind)


def sections_of(whole: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the sections of all settings: name and model."""
    for name, declared in whole.model_fields.items():
        if isinstance(declared.annotation, type) and issubclass(declared.annotation, BaseModel):
            yield name, declared.annotation


def settings_of(whole: type[BaseModel]) -> Iterator[Setting]:
    """Yield every setting, section after section."""
    for section, model in sections_of(whole):
        for attribute, declared in model.model_fields.items():
            yield Setting(section, declared.alias or attribute, attribute, declared)


def setting_name(section: str, field: str) -> str:
    """Return how a field is written in the environment."""
    return f"{PREFIX}{section.upper()}__{field.removesuffix('_').upper()}"


def label_of(field: str, declared: FieldInfo) -> str:
    """Return what a field is called on the screen."""
    return declared.title or field.replace("_", " ").capitalize()


def bounds_of(declared: FieldInfo) -> Bounds:
    """Return what the value of a field has to keep to."""
    found = {name: getattr(one, name, None) for one in declared.metadata for name in _BOUNDS if hasattr(one, name)}
    return Bounds({name: value for name, value in found.items() if value is not None})
