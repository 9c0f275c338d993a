"""What Prefect keeps of a person: tables of failed messages, whose reasons may name an e-mail.

Input: an e-mail. Output: how many of our tables named it; they are deleted unless it is a dry run. There is no
deployment for this on purpose: Prefect would keep the e-mail as a parameter of the run.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.sorting import ArtifactSort
from prefect.exceptions import ObjectNotFound

_OURS = (
    "explained",
    "explained-sent",
    "-failed",
    "-not-sent",
    "-summary",
    "failed-by-cause",
    "failed-messages",
    "failed-messages-csv",
)
_PAGE = 100


async def forget_artifacts(email: str, *, dry_run: bool = False) -> int:
    """Delete the artifacts of ours that name the e-mail; return how many. Raises what the Prefect client raises."""
    async with get_client() as client:
        found = [number async for number in _naming(client, email.strip().casefold())]
        for number in () if dry_run else found:
            try:
                await client.delete_artifact(number)
            except ObjectNotFound:
                continue  # housekeeping was quicker
    return len(found)


async def _naming(client: PrefectClient, sought: str) -> AsyncIterator[UUID]:
    offset = 0
    while page := await client.read_artifacts(sort=ArtifactSort.KEY_ASC, limit=_PAGE, offset=offset):
        for one in page:
            text = json.dumps(one.data, ensure_ascii=False, default=str).casefold()
            if (one.key or "").endswith(_OURS) and sought in text:
                yield one.id
        offset += len(page)
