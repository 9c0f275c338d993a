"""Check that Magento's ids still belong to our documents: in another shop the same ids belong to other documents.

A link is used before any search, so a wrong link would change somebody else's order or account. The newest links are
checked when the settings have changed. The shop is another one only if none of the linked documents that exist is ours:
single documents may have been changed beyond recognition, and missing ones are reported one by one.
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
    """Raise `ConfigurationConflict` if documents with our ids exist in Magento and none of them is ours.

    `read` returns Magento's documents with these ids.
    """
    with context.state.read() as connection:
        linked = links.newest(connection, entity, NEWEST)
    if not linked:
        return
    async with context.shop.client() as client:
        current = await read(client, sorted({link.magento_id for link in linked}))
    existing = [link for link in linked if link.magento_id in current]
    if existing and not any(is_ours(current[link.magento_id], link) for link in existing):
        first = existing[0]
        raise ConfigurationConflict(
            f"A2M_MAGENTO__URL names another shop than before: {first.key} was {entity} {first.magento_id} there, and "
            f"that is somebody else's here, as are all of those that were compared ({len(existing)}). Nothing was "
            "sent. One state belongs to one shop: correct the URL, or begin with another state folder (A2M_HOME) or "
            f"database (A2M_DATABASE_URL). If it is the same shop: a2m link {entity} {first.key!r} ID"
        )
