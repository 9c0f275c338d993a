"""Which record somebody means by what they typed: an Acumatica key, a SKU, an e-mail or a number, in any spelling.

The state database is asked first; what it does not know yet may be in Acumatica under one of the entity's spellings.
What exists nowhere is refused with the nearest keys that there are.
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
"""Records that are gone through for the nearest keys: of more, those of the first pages."""
_ALL_SCORED = 5_000
"""Up to so many keys each is scored; of more, those that begin alike or hold what was typed."""


class UnknownKey(ConnectorError):
    """What was typed names no record; the message names where it was searched for and the nearest names."""


def known_keys(state: State, entity: str, typed: str) -> list[str]:
    """Return the Acumatica keys of the stored records that are meant: by key, SKU or e-mail in any spelling, and a
    document by the number at the end of its key, with or without zeros before it.
    """
    wanted = _record(typed)
    with state.read() as connection:
        for spelling in dict.fromkeys([wanted, comparison_key(wanted)]):
            if found := records.with_key(connection, entity, spelling):
                return found
    bare = _bare(wanted)
    is_number = wanted.isascii() and wanted.isdigit() and ENTITIES[entity].link_sides is not None
    found = [key for key in _every_key(state, entity) if bare and _bare(key) == bare]
    if found or not is_number:
        return found
    return [key for key in _every_key(state, entity) if _number(key) == wanted.lstrip("0")]


def keys_of(state: State, settings: Settings, entity: str, typed: str) -> list[str]:
    """Return the keys to ask Acumatica for: those that are known, and the ways in which what was typed may be meant."""
    spellings = ENTITIES[entity].spellings(settings, _record(typed))
    return list(dict.fromkeys([*known_keys(state, entity, typed), *spellings]))


def did_you_mean(state: State, entity: str, typed: str) -> str:
    """Return a question with the nearest keys that are stored, to stand behind a sentence; empty where none is near."""
    near = near_keys(state, entity, typed)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def near_keys(state: State, entity: str, typed: str) -> list[str]:
    """Return the nearest keys that are stored, as people write them."""
    wanted, names = _bare(_record(typed)), {}
    for stored in _every_record(state, entity):
        for name in (stored.key, stored.acumatica_key):
            if name:
                names[_bare(name)] = name.lower() if "@" in name else name
    scored = list(names)
    if len(scored) > _ALL_SCORED:
        scored = [one for one in names if one.startswith(wanted[:3]) or wanted in one][:_ALL_SCORED]
    return list(dict.fromkeys(names[one] for one in difflib.get_close_matches(wanted, scored, n=3, cutoff=0.6)))


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


def _record(typed: str) -> str:
    """Return the part that names the record: a message's key may name the order too, behind a bar."""
    return typed.strip().partition("|")[0]


def _bare(key: str) -> str:
    """Return the letters and digits, as Magento compares them: `so-000003` and `SO 000003` are one."""
    return re.sub(r"[^\w@.]|_", "", comparison_key(key))


def _number(key: str) -> str | None:
    """Return the number at the end of a key, without zeros before it; None where it does not end in one."""
    last = key.rsplit(" ", 1)[-1]
    return last.lstrip("0") if last.isascii() and last.isdigit() else None
