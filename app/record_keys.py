"""Find the record that a person means: by Acumatica key, SKU, e-mail or document number, in any spelling.

The state database is searched first. A record that it does not know may be in Acumatica, under one of the entity's
spellings. A key that matches nothing is refused, with the nearest keys as a suggestion (ADR 0054).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from connector.errors import ConnectorError
from connector.model.comparison import comparison_key
from connector.state.engine import State
from connector.state.sync import records
from connector.state.sync.records import Stored
from entities.registry import ENTITIES
from settings import Settings

_PAGE = 5_000
_MOST_COMPARED = 100_000
"""How many records are searched for near keys, in the order of their keys."""
_MOST_SCORED = 5_000
"""How many keys are scored. If there are more, only those are scored that begin alike or contain what was typed."""


class UnknownKey(ConnectorError):
    """No record matches the key; the message says where it was searched for and suggests near keys."""


def known_keys(state: State, entity: str, typed: str) -> list[str]:
    """Return the Acumatica keys of the stored records that match.

    A record matches by key, SKU or e-mail in any spelling. A document also matches by the number at the end of its key,
    with or without leading zeros.
    """
    name = _record_name(typed)
    with state.read() as connection:
        for spelling in dict.fromkeys([name, comparison_key(name)]):
            if keys := records.with_key(connection, entity, spelling):
                return keys
    bare = _bare(name)
    is_number = name.isascii() and name.isdigit() and ENTITIES[entity].link_sides is not None
    keys = [key for key in _every_key(state, entity) if bare and _bare(key) == bare]
    if keys or not is_number:
        return keys
    return [key for key in _every_key(state, entity) if _number(key) == name.lstrip("0")]


def resolve_keys(state: State, settings: Settings, entity: str, typed: str) -> list[str]:
    """Return the keys to request from Acumatica: those of matching stored records, and possible spellings."""
    spellings = ENTITIES[entity].spellings(settings, _record_name(typed))
    return list(dict.fromkeys([*known_keys(state, entity, typed), *spellings]))


def did_you_mean(state: State, entity: str, typed: str) -> str:
    """Return a question that suggests near keys, to append to a sentence; empty if there are none."""
    near = near_keys(state, entity, typed)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def near_keys(state: State, entity: str, typed: str) -> list[str]:
    """Return up to three stored keys that resemble what was typed."""
    bare_name, names = _bare(_record_name(typed)), {}
    for stored in _every_record(state, entity):
        for name in (stored.key, stored.acumatica_key):
            if name:
                names[_bare(name)] = name.lower() if "@" in name else name
    candidates = list(names)
    if len(candidates) > _MOST_SCORED:
        candidates = [bare for bare in names if bare.startswith(bare_name[:3]) or bare_name in bare][:_MOST_SCORED]
    matches = difflib.get_close_matches(bare_name, candidates, n=3, cutoff=0.6)
    return list(dict.fromkeys(names[bare] for bare in matches))


def _every_key(state: State, entity: str) -> Iterator[str]:
    after = ""
    with state.read() as connection:
        while page := records.all_keys(connection, entity, after, _PAGE):
            yield from page
            after = page[-1]


def _every_record(state: State, entity: str) -> Iterator[Stored]:
    after = ""
    with state.read() as connection:
        for _page in range(0, _MOST_COMPARED, _PAGE):
            page = records.all_keys(connection, entity, after, _PAGE)
            if not page:
                return
            yield from records.read(connection, entity, page).values()
            after = page[-1]


def _record_name(typed: str) -> str:
    """Return the part that names the record. In a message's key, the order may follow after a bar."""
    return typed.strip().partition("|")[0]


def _bare(key: str) -> str:
    """Return only letters and digits, folded as Magento compares them: `so-000003` and `SO 000003` become equal."""
    return re.sub(r"[^\w@.]|_", "", comparison_key(key))


def _number(key: str) -> str | None:
    """Return the number at the end of a key without leading zeros; None if the key does not end in one."""
    last = key.rsplit(" ", 1)[-1]
    return last.lstrip("0") if last.isascii() and last.isdigit() else None
