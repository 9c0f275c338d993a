"""The explanation of one record for a person: lines of (what, description)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connector.state.sync.links import Link

Line = tuple[str, str]


NOW = "Magento shows now"


@dataclass(frozen=True)
class Known:
    """What the state database has for a record: its SKUs, the documents last read from Acumatica, its links."""

    typed: str
    skus: list[str]
    documents: list[dict[str, Any]]
    links: list[Link]


def of_links(known: Sequence[Link]) -> str:
    if not known:
        return " is known to the connector: it has no link"
    return f": the linked {', '.join(link.magento_id for link in known)} is not there any more"
