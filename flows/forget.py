"""Erase what Prefect stores about a person: tables of failed messages, whose reasons may contain an e-mail address.

There is no deployment for this on purpose: Prefect would store the e-mail address as a parameter of the run.
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
    """Delete our artifacts that contain the e-mail address, unless it is a dry run, and return their number.

    Raises what Prefect's client raises.
    """
    async with get_client() as client:
        found = [artifact_id async for artifact_id in _containing(client, email.strip().casefold())]
        for artifact_id in () if dry_run else found:
            try:
                await client.delete_artifact(artifact_id)
            except ObjectNotFound:
                continue  # housekeeping was quicker
    return len(found)


async def _containing(client: PrefectClient, email: str) -> AsyncIterator[UUID]:
    offset = 0
    while page := await client.read_artifacts(sort=ArtifactSort.KEY_ASC, limit=_PAGE, offset=offset):
        for artifact in page:
            text = json.dumps(artifact.data, ensure_ascii=False, default=str).casefold()
            if (artifact.key or "").endswith(_OURS) and email in text:
                yield artifact.id
        offset += len(page)
