"""Messages about wrong settings: the field as it is written, its value (never that of a secret), and the rule."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from pydantic import ValidationError

from settings.declare import PREFIX, Setting, setting_name
from settings.kinds import Choice, ListOf, Map, Number, Table, YesNo
from settings.locations import OTHER_VARIABLES, Saved
from settings.origin import origins_above_the_ui, written_in_file
from settings.settings import all_settings

_LIST, _MAP = '["MAIN","EAST"]', '{"MAIN":"default"}'
_RULES = {
    "missing": "it is missing",
    "string_type": "it must be a text",
    "tuple_type": f"it must be a list such as {_LIST}",
    "dict_type": f"it must be a map such as {_MAP}",
    "model_type": "it must be a map of fields",
    "bool_parsing": "it must be true or false",
}
"""What pydantic finds wrong, by its type, as a person reads it."""


class SettingsError(Exception):
    """A setting is wrong or missing; the message names the field, the value and the rule for each.

    exit_code: the exit code of a command that fails with it. is_transient: False, because it does not pass by itself.
    """

    exit_code: ClassVar[int] = 2
    is_transient: ClassVar[bool] = False


class SettingsMissing(SettingsError):
    """The addresses or credentials of a system are not set; the message names each."""


def describe(error: ValidationError, given: Mapping[str, Any], saved: Saved) -> list[str]:
    """Return one line for each error. `given`: arguments of the settings; `saved`: values that were saved in the UI."""
    return [_describe_one(problem, given, saved) for problem in error.errors(include_url=False, include_context=False)]


def not_a_setting(name: str, path: str = "") -> str:
    """Return a message that a name is not a setting, with the nearest setting, preferably of the nearest section."""
    section, _, _field = name.removeprefix(PREFIX).partition("__")
    sections = {setting.section.upper() for setting in all_settings()}
    near_section = next(iter(difflib.get_close_matches(section, sorted(sections), n=1, cutoff=0.7)), None)
    known = [
        setting.name for setting in all_settings() if near_section is None or setting.section.upper() == near_section
    ]
    known += OTHER_VARIABLES if near_section is None else ()
    return f"{name}{path} is not a setting.{_nearest_setting(name, known)}"


def _nearest_setting(name: str, known: Collection[str]) -> str:
    """Return a question with the nearest setting. The common prefix is ignored, or all names would be near."""
    bare = {setting.removeprefix(PREFIX): setting for setting in known}
    near = difflib.get_close_matches(name.removeprefix(PREFIX), sorted(bare), n=1, cutoff=0.65)
    return f" Did you mean {bare[near[0]]}?" if near else ""


def nearest(name: str, known: Collection[str]) -> str:
    """Return a question with the nearest known name, or an empty text."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""


def bad_json() -> str | None:
    """Return a message about the list or map that is not JSON, because pydantic-settings names only the section."""
    for _origin, values in origins_above_the_ui():
        for setting in all_settings():
            text = values.get(setting.name)
            if text and setting.is_structured:
                try:
                    json.loads(text)
                except ValueError as error:
                    example = _MAP if isinstance(setting.kind, Map) else _LIST
                    return f"{setting.name} = {text}: it must be JSON such as {example} ({error})."
    return None


def rule_of(one: Mapping[str, Any], setting: Setting | None) -> str:
    """Return what is wrong with a value as a person reads it; pydantic's own words only where nothing else is known.
    `setting`: the one that is wrong; None where it is a part of a list, a map or a table.
    """
    if one["type"] == "value_error":
        return str(one["msg"]).removeprefix("Value error, ")
    match setting.kind if setting is not None and one["type"] != "missing" else None:
        case Number(type=number):
            assert setting is not None
            kind = "a whole number" if number is int else "a number"
            return ", ".join(part for part in (f"it must be {kind}", str(setting.bounds)) if part)
        case Choice(labels=labels):
            return f"it must be one of {', '.join(map(_as_written, labels))}"
        case YesNo():
            return _RULES["bool_parsing"]
        case ListOf():
            return _RULES["tuple_type"]
        case Table():
            return "it must be a list of rows, each a map of its fields"
        case Map():
            return _RULES["dict_type"]
    words = str(one["msg"]).replace("Input should", "it must").replace("String should", "it must")
    return _RULES.get(one["type"], f"{words[:1].lower()}{words[1:]}")


def _as_written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _describe_one(one: Any, given: Mapping[str, Any], saved: Saved) -> str:
    path = [str(part) for part in one["loc"]]
    rule = rule_of(one, _setting_at(path) if len(path) == 2 else None)
    head, colon, rest = rule.partition(": ")
    if one["type"] == "value_error" and colon and all(part.isidentifier() for part in head.split(".")):
        path, rule = [*path, *head.split(".")], rest  # a rule over several fields names the field in its message
    name = _written(path)
    if one["type"] == "extra_forbidden":
        return not_a_setting(name)
    value = _value_of(path, given, saved)
    value_text = "" if value is None else f" = {value}"
    return f"{name}{value_text}: {rule}."


def _written(path: list[str]) -> str:
    if len(path) < 2:
        return f"{PREFIX}{path[0].upper()}".replace("A2M_A2M_", "A2M_") if path else "The settings"
    more = "".join(f"[{part}]" for part in path[2:])
    return setting_name(path[0], path[1]) + more


def _value_of(path: list[str], given: Mapping[str, Any], saved: Saved) -> str | None:
    """Return the value as it was written; None for a secret or if there is none."""
    setting = _setting_at(path)
    if setting is None or setting.is_secret:
        return None
    section, field = setting.section, setting.field
    in_arguments = given.get(section)
    if isinstance(in_arguments, Mapping) and field in in_arguments:
        return repr(in_arguments[field])
    for _origin, values in origins_above_the_ui():
        if values.get(setting.name):
            return values[setting.name]
    if field in saved.get(section, {}):
        return repr(saved[section][field])
    is_written, value = written_in_file(section, field)
    return repr(value) if is_written else None


def _setting_at(path: list[str]) -> Setting | None:
    name = setting_name(path[0], path[1]) if len(path) >= 2 else ""
    return next((setting for setting in all_settings() if setting.name == name), None)
