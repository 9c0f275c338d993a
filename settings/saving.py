"""What may be saved from the Prefect UI, and which of it has to be.

Comes in: values as somebody filled them in, and what was saved before. Goes out: what is to be saved now, valid
together with everything else, or `SettingsError` with the field, the value and the rule, and then nothing is to be
saved. What the settings file or the default says anyway is not saved, so that it goes on following those.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from settings.reading import (
    SettingsError,
    all_fields,
    fixed_by,
    is_secret,
    load_settings,
    nearest,
    setting_name,
    written_in_file,
)
from settings.screen import Saved, Settings


def to_save(wanted: Saved, before: Saved) -> dict[str, dict[str, Any]]:
    """What is to be saved after somebody asked for `wanted`; what is not asked for stays as it was saved `before`.

    Raises `SettingsError`.
    """
    _refuse_what_is_not_saved(wanted)
    together = _over(before, wanted)
    settings = load_settings(saved=together)
    _refuse_what_is_fixed(wanted, settings)
    kept: dict[str, dict[str, Any]] = {}
    for section, field, about in all_fields():
        if field not in together.get(section, {}):
            continue
        asked = field in wanted.get(section, {})
        if asked and fixed_by(section, field):
            continue
        if not asked:
            kept.setdefault(section, {})[field] = together[section][field]
        elif value_of(settings, section, field) != _below(section, field, about):
            kept.setdefault(section, {})[field] = in_force_as_json(settings, section, field, about)
    return kept


def in_force_as_json(settings: Settings, section: str, field: str, about: Any) -> Any:
    """The value of a field as JSON has it."""
    return _adapter(about).dump_python(value_of(settings, section, field), mode="json", by_alias=True)


def value_of(settings: Settings, section: str, field: str) -> Any:
    """The value of a field."""
    part = getattr(settings, section)
    return getattr(part, field) if field in type(part).model_fields else getattr(part, f"{field}_")


def _refuse_what_is_not_saved(wanted: Saved) -> None:
    fields = {(section, field): about for section, field, about in all_fields()}
    wrong = []
    for section, field, _value in _each(wanted):
        about = fields.get((section, field))
        name = setting_name(section, field)
        if about is None:
            wrong.append(f"{name} is no setting.{nearest(name, {setting_name(*one) for one in fields})}")
        elif is_secret(about):
            wrong.append(
                f"{name} is a secret: it is kept in a Block or in the environment, never among saved settings."
            )
    if wrong:
        raise SettingsError("\n".join(wrong))


def _refuse_what_is_fixed(wanted: Saved, settings: Settings) -> None:
    """A field that something above the UI fixes may be asked for only as it is."""
    fields = {(section, field): about for section, field, about in all_fields()}
    wrong = []
    for section, field, value in _each(wanted):
        place, about = fixed_by(section, field), fields[section, field]
        if place and _validated(about, value) != value_of(settings, section, field):
            name, now = setting_name(section, field), in_force_as_json(settings, section, field, about)
            wrong.append(f"{name} = {value!r}: it is fixed by the {place}, which says {now!r}; change it there.")
    if wrong:
        raise SettingsError("\n".join(wrong))


def _below(section: str, field: str, about: Any) -> Any:
    """What the settings file says, else the default."""
    written, value = written_in_file(section, field)
    return _validated(about, value) if written else about.get_default(call_default_factory=True)


def _validated(about: Any, value: Any) -> Any:
    """What a value means; one that is not valid stays what it is, and equals nothing that is."""
    try:
        return _adapter(about).validate_python(value)
    except ValidationError:
        return value


def kept_of(about: Any, value: Any) -> Any:
    """A value as JSON has it, once it was found good. Raises pydantic's `ValidationError`."""
    adapter = _adapter(about)
    return adapter.dump_python(adapter.validate_python(value), mode="json", by_alias=True)


def _adapter(about: Any) -> TypeAdapter[Any]:
    kind: Any = about.annotation
    return TypeAdapter(Annotated[kind, *about.metadata] if about.metadata else kind)


def _over(before: Saved, wanted: Saved) -> dict[str, dict[str, Any]]:
    names = [*before, *(name for name in wanted if name not in before)]
    return {name: {**before.get(name, {}), **wanted.get(name, {})} for name in names}


def _each(values: Saved) -> Iterator[tuple[str, str, Any]]:
    for section, fields in values.items():
        for field, value in fields.items():
            yield section, field, value
