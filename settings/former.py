"""Former names of settings. They work for one more version, in every place, with a warning."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

from settings.declare import Setting, settings_of

_LOG = logging.getLogger(__name__)
T = TypeVar("T")


@cache
def renamed_settings(whole: type[BaseModel]) -> tuple[Setting, ...]:
    """Return the settings that had another name in the previous version."""
    return tuple(setting for setting in settings_of(whole) if setting.former_field)


def with_new_fields(values: Mapping[str, Any], settings: Iterable[Setting]) -> dict[str, Any]:
    """Return values by section and field with former fields renamed. If both names exist, the new one wins."""
    result = dict(values)
    for setting in settings:
        section = result.get(setting.section)
        if setting.former_field and isinstance(section, Mapping) and setting.former_field in section:
            fields = dict(section)
            value = fields.pop(setting.former_field)
            result[setting.section] = {setting.field: value, **fields}
            _warn(setting.former_name, setting.name)
    return result


def with_new_names(values: Mapping[str, T], settings: Iterable[Setting]) -> dict[str, T]:
    """Return values by environment variable with former names renamed. If both names exist, the new one wins."""
    result = dict(values)
    for setting in settings:
        if setting.former_name in result:
            value = result.pop(setting.former_name)
            result.setdefault(setting.name, value)
            _warn(setting.former_name, setting.name)
    return result


@cache
def _warn(former: str, name: str) -> None:
    """Log the warning once per process."""
    _LOG.warning("%s is called %s now. Rename it; the old name works for one more version.", former, name)
