"""Where the settings are read from, and what is said when one of them is wrong.

In: the environment, `.env`, what was saved from the Prefect UI, the settings file. Out: `Settings`, or
`SettingsError` that names each field as it is written, its value (never that of a secret) and the rule. A name that
does not exist is refused with the nearest one that does: a setting that is misspelled must not be ignored in silence.
"""

from __future__ import annotations

import difflib
import json
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import SettingsError as SourceError

from settings.screen import Saved, Settings, own_database, settings_file, with_saved

PREFIX = "A2M_"
BESIDE = ("A2M_DATABASE_URL", "A2M_SETTINGS", "A2M_HOME", "A2M_REQUIRE")


class SettingsError(Exception):
    """A setting is wrong or missing; the text names the field, the value and the rule for each."""


def load_settings(*, needs_both_systems: bool = False, saved: Saved | None = None, **given: Any) -> Settings:
    """The settings as they are now. `given` are sections or fields that win over everything; `saved` come from the
    Prefect UI.

    With `needs_both_systems` both systems must be configured. Raises `SettingsError`.
    """
    refuse_open_dot_env()
    _refuse_unknown_names()
    file = settings_file()
    _refuse_bad_file(file)
    try:
        with with_saved(saved or {}):
            settings = Settings(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_in_words(error, given, saved or {}))) from error
    except SourceError as error:
        raise SettingsError(_bad_json() or str(error)) from error
    if needs_both_systems and settings.missing():
        raise SettingsError(
            "\n".join(f"{name} is not set. Put it into the environment, .env or {file}." for name in settings.missing())
        )
    return settings


def database_url() -> str:
    """The address of the state database, which has to be known before the values that are saved in it."""
    for values in (_upper(os.environ), _upper(_dot_env())):
        if values.get("A2M_DATABASE_URL"):
            return str(values["A2M_DATABASE_URL"])
    return own_database()


def where_from(section: str, field: str, saved: Saved | None = None) -> str:
    """Where a setting's value comes from: environment, .env, UI, settings file, or default."""
    fixed = fixed_by(section, field)
    if fixed is not None:
        return fixed
    if field in (saved or {}).get(section, {}):
        return "UI"
    return "settings file" if written_in_file(section, field)[0] else "default"


def fixed_by(section: str, field: str) -> str | None:
    """What fixes a setting, so that nothing saved can change it: environment, .env, or nothing."""
    name = setting_name(section, field)
    for place, names in (("environment", _upper(os.environ)), (".env", _upper(_dot_env()))):
        if names.get(name):
            return place
    return None


def all_in_file(file: Path) -> dict[str, dict[str, Any]]:
    """What the settings file says, by section. Raises `SettingsError`."""
    _refuse_bad_file(file)
    return _in_file(file)


def written_in_file(section: str, field: str) -> tuple[bool, Any]:
    """Whether the settings file says a value, and which."""
    fields = _in_file(settings_file()).get(section, {})
    return field in fields, fields.get(field)


def setting_name(section: str, field: str) -> str:
    """How a field is written in the environment."""
    return f"{PREFIX}{section.upper()}__{field.removesuffix('_').upper()}"


def all_fields() -> Iterator[tuple[str, str, Any]]:
    """Every setting: section, field, and pydantic's description of it."""
    for section, info in Settings.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for field, about in kind.model_fields.items():
                yield section, field.removesuffix("_"), about


def masked(value: Any) -> Any:
    """A value as it may be shown: secrets only say that they are set."""
    return "(set)" if isinstance(value, SecretStr) else value


def _upper(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.upper(): value for name, value in values.items()}


def _dot_env() -> dict[str, str | None]:
    return dotenv_values(".env") if Path(".env").is_file() else {}


def _in_file(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _refuse_unknown_names() -> None:
    known = {setting_name(section, field) for section, field, _about in all_fields()}
    known |= {f"{PREFIX}{section.upper()}" for section in Settings.model_fields} | set(BESIDE)
    wrong = []
    for place, values in (("the environment", os.environ), (".env", _dot_env())):
        wrong += [
            f"{name} (in {place}) is no setting.{nearest(name, known)}"
            for name in sorted(_upper(values))
            if name.startswith(PREFIX) and name not in known
        ]
    if wrong:
        raise SettingsError("\n".join(wrong))


def nearest(name: str, known: set[str]) -> str:
    """A question that names the nearest known name, or nothing."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""


def _refuse_bad_file(file: Path) -> None:
    if not file.is_file():
        if os.environ.get("A2M_SETTINGS"):
            raise SettingsError(f"There is no settings file {file}: A2M_SETTINGS names it.")
        return
    try:
        sections = _in_file(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}") from error
    known = {section for section, _field, _about in all_fields()}
    for section in sections:
        if section not in known:
            raise SettingsError(f"[{section}] in {file} is no section.{nearest(section, known)}")
    secrets = [f"{s}.{f}" for s, f, about in all_fields() if is_secret(about) and f in sections.get(s, {})]
    _refuse_open_to_others(f"The settings file {file}", file, secrets)


def refuse_open_dot_env() -> None:
    """Raise `SettingsError` where `.env` holds a secret and others may read it."""
    values = _upper(_dot_env())
    names = [setting_name(section, field) for section, field, about in all_fields() if is_secret(about)]
    secrets = [name for name in names if values.get(name)]
    if urlsplit(values.get("A2M_DATABASE_URL") or "").password:
        secrets.append("the password in A2M_DATABASE_URL")
    _refuse_open_to_others("The file .env", Path(".env"), secrets)


def _refuse_open_to_others(what: str, file: Path, secrets: list[str]) -> None:
    if secrets and os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise SettingsError(f"{what} holds {secrets[0]} and others may read it. Run: chmod 600 {file}")


def is_secret(about: Any) -> bool:
    """Whether a field is a secret."""
    return "SecretStr" in str(about.annotation)


def _in_words(error: ValidationError, given: Mapping[str, Any], saved: Saved) -> list[str]:
    return [_one_in_words(one, given, saved) for one in error.errors(include_url=False, include_context=False)]


def _one_in_words(one: Any, given: Mapping[str, Any], saved: Saved) -> str:
    place = [str(part) for part in one["loc"]]
    rule = str(one["msg"]).removeprefix("Value error, ")
    head, colon, rest = rule.partition(": ")
    if one["type"] == "value_error" and colon and all(part.isidentifier() for part in head.split(".")):
        place, rule = [*place, *head.split(".")], rest  # a rule over several fields names its own
    name = _written(place)
    if one["type"] == "extra_forbidden":
        known = {setting_name(s, f) for s, f, _about in all_fields()}
        return f"{name} is no setting.{nearest(name, known)}"
    value = _value_of(place, given, saved)
    shown = "" if value is None else f" = {value}"
    if one["type"] != "value_error":
        rule = rule[:1].lower() + rule[1:]
    return f"{name}{shown}: {rule}."


def _written(place: list[str]) -> str:
    if len(place) < 2:
        return f"{PREFIX}{place[0].upper()}".replace("A2M_A2M_", "A2M_") if place else "The settings"
    more = "".join(f"[{part}]" for part in place[2:])
    return setting_name(place[0], place[1]) + more


def _value_of(place: list[str], given: Mapping[str, Any], saved: Saved) -> str | None:
    """What was written there, as it was written; none for a secret or where nothing was."""
    if len(place) < 2:
        return None
    section, field = place[0], place[1].removesuffix("_")
    about = {name: found for one, name, found in all_fields() if one == section}.get(field)
    if about is None or is_secret(about):
        return None
    name = setting_name(section, field)
    in_arguments = given.get(section)
    if isinstance(in_arguments, Mapping) and field in in_arguments:
        return repr(in_arguments[field])
    for values in (_upper(os.environ), _upper(_dot_env())):
        if values.get(name):
            return str(values[name])
    written = {**_in_file(settings_file()).get(section, {}), **saved.get(section, {})}
    return repr(written[field]) if field in written else None


def _bad_json() -> str | None:
    """Which list or map is no JSON: pydantic-settings names only the section."""
    for values in (_upper(os.environ), _upper(_dot_env())):
        for section, field, about in all_fields():
            text = values.get(setting_name(section, field))
            if text and _is_complex(about):
                try:
                    json.loads(text)
                except ValueError as error:
                    example = '["MAIN","EAST"]' if "dict" not in str(about.annotation) else '{"MAIN":"default"}'
                    return f"{setting_name(section, field)} = {text}: it must be JSON such as {example} ({error})."
    return None


def _is_complex(about: Any) -> bool:
    return str(about.annotation).startswith(("tuple", "dict", "typing.Annotated[tuple"))
