"""Whether Magento's ids are still those of our documents: another shop has the same ids for others.

A link is used before any search, so one that leads to somebody else's order or account would change that. Asked where
the settings changed, of the newest links. Of those that are there none has to be ours for the shop to be another one:
single documents may have been changed beyond recognition, and what is gone is reported one by one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from connector.magento.client import MagentoClient
from connector.state.sync import links
from connector.state.sync.links import Link
from entities.base import RunContext
from entities.shop import ConfigurationConflict

NEWEST = 20
T = TypeVar("T")


async def refuse_another_shop(
    context: RunContext[Any],
    entity: str,
    read: Callable[[MagentoClient, Sequence[str]], Awaitable[Mapping[str, T]]],
    is_ours: Callable[[T, Link], bool],
) -> None:
    """Raise `ConfigurationConflict` where Magento has the ids of documents of this entity and they are all others'.

    read: gives what Magento has of these ids.
    """
    with context.state.read() as connection:
        linked = links.newest(connection, entity, NEWEST)
    if not linked:
        return
    async with context.shop.client() as client:
        found = await read(client, sorted({link.magento_id for link in linked}))
    there = [link for link in linked if link.magento_id in found]
    if there and not any(is_ours(found[link.magento_id], link) for link in there):
        first = there[0]
        raise ConfigurationConflict(
            f"A2M_MAGENTO__URL names another shop than before: {first.key} was {entity} {first.magento_id} there, and "
            f"that is somebody else's here, as are all of those that were compared ({len(there)}). Nothing was sent. "
            "One state belongs to one shop: correct the URL, or begin with another state folder (A2M_HOME) or database "
            f"(A2M_DATABASE_URL). If it is the same shop: a2m link {entity} {first.key!r} ID"
        )
