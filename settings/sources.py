"""The sources of values for pydantic, merged: the highest source that has a field provides its whole value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)

from settings.former import renamed_settings, with_new_fields
from settings.locations import Saved, settings_file

_saved: ContextVar[Saved] = ContextVar("saved")


@contextmanager
def with_saved(values: Saved) -> Iterator[None]:
    """Use these values as the saved ones while settings are loaded in the body."""
    token = _saved.set(values)
    try:
        yield
    finally:
        _saved.reset(token)


def all_sources(
    settings_cls: type[BaseSettings], arguments: PydanticBaseSettingsSource, dot_env: PydanticBaseSettingsSource
) -> PydanticBaseSettingsSource:
    """Return one source that merges all: arguments, environment, `.env`, saved values, settings file."""
    saved = InitSettingsSource(settings_cls, init_kwargs={name: dict(part) for name, part in _saved.get({}).items()})
    file = TomlConfigSettingsSource(settings_cls, settings_file())
    return _HighestWins(settings_cls, (arguments, _Environment(settings_cls), dot_env, saved, file))


class _HighestWins(PydanticBaseSettingsSource):
    """Merges sources: the highest one with a field provides its whole value.

    Maps of two sources are not merged: a row that was removed from a map must not come back from a lower source.
    """

    def __init__(self, settings_cls: type[BaseSettings], sources: tuple[PydanticBaseSettingsSource, ...]) -> None:
        super().__init__(settings_cls)
        self._sources = sources

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the merged value of a field, already decoded."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for source in reversed(self._sources):
            for name, value in with_new_fields(source(), renamed_settings(self.settings_cls)).items():
                both = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
                found[name] = {**found[name], **value} if both else value
        return found


class _Environment(EnvSettingsSource):
    """The environment, with lists and maps in quotes accepted.

    `docker --env-file` and others do not remove the quotes of `NAME='["MAIN"]'`, as a shell does.
    """

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        return super().decode_complex_value(field_name, field, value.strip().strip("'"))
