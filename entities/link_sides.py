"""What a person's link joins: a record of Acumatica and one of Magento. Each side is asked before a link is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from connector.acumatica.session import AcumaticaSession
from connector.magento.client import MagentoClient
from settings import Settings


@dataclass(frozen=True)
class LinkSides:
    """How both sides are asked.

    in_acumatica: those of the keys that Acumatica has. in_magento: what Magento calls the record with this id; None
    where it has none. id_of: the id of the record with this number, which is easily taken for the id. part: what
    stands behind the bar in a document's key, where a record may become several.
    """

    in_acumatica: Callable[[AcumaticaSession, Settings, Sequence[str]], Awaitable[set[str]]]
    in_magento: Callable[[MagentoClient, str], Awaitable[str | None]]
    id_of: Callable[[MagentoClient, str], Awaitable[str | None]]
    part: str = ""
