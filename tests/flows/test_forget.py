"""What is forgotten on the Prefect server: tables of ours that name a person."""

import pytest
from prefect.artifacts import acreate_table_artifact
from prefect.client.orchestration import get_client

from flows.forget import forget_artifacts

pytestmark = pytest.mark.usefixtures("prefect")
EMAIL = "forget.me@example.com"


async def keys_naming(email: str) -> list[str]:
    """The keys of all artifacts that name the e-mail."""
    async with get_client() as client:
        return sorted(one.key for one in await client.read_artifacts(limit=200) if email in str(one.data).lower())


async def test_only_our_tables_that_name_her():
    """Those of somebody else's flows stay, and so do ours of other people; a dry run deletes nothing."""
    for key, reason in (
        ("customer-failed", f"{EMAIL.upper()} is taken"),
        ("failed-messages", f"C1: {EMAIL}"),
        ("customer-failed", "somebody.else@example.com is taken"),
        ("theirs", EMAIL),
    ):
        await acreate_table_artifact(key=key, table=[{"id": 1, "reason": reason}])
    assert await forget_artifacts(EMAIL, dry_run=True) == 2
    assert await keys_naming(EMAIL) == ["customer-failed", "failed-messages", "theirs"]
    assert await forget_artifacts(f" {EMAIL} ") == 2
    assert await keys_naming(EMAIL) == ["theirs"]
    assert await keys_naming("somebody.else@example.com") == ["customer-failed"]
    assert await forget_artifacts(EMAIL) == 0
