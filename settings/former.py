"""Names that settings had before. They work for one more version, wherever they are written, with a warning."""

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
    """Return the settings that had another name in the last version."""
    return tuple(one for one in settings_of(whole) if one.former_field)


def with_new_fields(values: Mapping[str, Any], settings: Iterable[Setting]) -> dict[str, Any]:
    """Return values by section and field with each former field under its new name, which wins where both are there."""
    result = dict(values)
    for one in settings:
        part = result.get(one.section)
        if one.former_field and isinstance(part, Mapping) and one.former_field in part:
            fields = dict(part)
            value = fields.pop(one.former_field)
            result[one.section] = {one.field: value, **fields}
            _warn(one.former_name, one.name)
    return result


def with_new_names(values: Mapping[str, T], settings: Iterable[Setting]) -> dict[str, T]:
    """Return values by their names in the environment with each former name replaced by the new one."""
    result = dict(values)
    for one in settings:
        if one.former_name in result:
            value = result.pop(one.former_name)
            result.setdefault(one.name, value)
            _warn(one.former_name, one.name)
    return result


@cache
def _warn(former: str, name: str) -> None:
    """Log the warning once in a process."""
    _LOG.warning("%s is called %s now. Rename it; the old name works for one more version.", former, name)
