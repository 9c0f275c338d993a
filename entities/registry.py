"""The entities by name. Each is loaded when it is first used, so that naming them in a command's help loads none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from entities.base import Entity, Urgency
from entities.names import NAMES


@cache
def _loaded(name: str) -> Entity[Any]:
    entity: Entity[Any] = import_module(f"entities.{name}.entity").ENTITY
    return entity


class _Entities(Mapping[str, Entity[Any]]):
    def __getitem__(self, name: str) -> Entity[Any]:
        if name not in NAMES:
            raise KeyError(name)
        return _loaded(name)

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


ENTITIES: Mapping[str, Entity[Any]] = _Entities()


def linked() -> tuple[str, ...]:
    """Return the entities whose records a person may link to Magento's."""
    return tuple(entity.name for entity in ENTITIES.values() if entity.link_sides is not None)


def waves() -> list[tuple[str, ...]]:
    """Return the entities in groups. Those of a group may run in parallel, after the groups before it.

    The last group is the most urgent entity once more, because documents change what it shows in Magento.
    """
    remaining, groups = list(NAMES), []
    while remaining:
        ready = tuple(name for name in remaining if not set(ENTITIES[name].follows) & set(remaining))
        groups.append(ready)
        remaining = [name for name in remaining if name not in ready]
    return [*groups, tuple(name for name in NAMES if ENTITIES[name].urgency is Urgency.FIRST)]
