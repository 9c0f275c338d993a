"""The credentials of both systems as Prefect Blocks, which are encrypted at rest and edited in Prefect's UI.

Blocks are optional. The environment and `.env` take precedence over a Block, as over everything that is saved in the
UI; a Block takes precedence over the settings file. A Block's form validates nothing, so an invalid Block fails the run
that reads it, with the reason. That is also why the fields are not nested.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from prefect.blocks.core import Block
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound, PrefectException
from pydantic import Field, SecretStr, ValidationError

from flows.blocks import BLOCK_NAME, READ_AHEAD
from settings import Saved, SettingsError

_NO_SECRET = SecretStr("")


class CredentialsUnusable(SettingsError):
    """A Block exists and cannot be used; the message says which and why."""


class MagentoCredentials(Block):
    """How the connector is let into Magento. Save it under the name a2m: either the bearer token, typed twice, or all
    four OAuth 1.0a integration credentials.
    """

    _block_type_name = "Magento Credentials"
    _description = "Lets the connector into Magento. Its name must be a2m. Bearer token, typed twice, or OAuth."
    _block_type_slug = "magento-credentials"
    section: ClassVar[str] = "magento"

    bearer_token: SecretStr = Field(_NO_SECRET, title="Bearer Token", description="Access token of the integration.")
    confirm_bearer_token: SecretStr = Field(
        _NO_SECRET, title="Confirm Bearer Token", description="The same once more: a run with two different ones fails."
    )
    consumer_key: SecretStr = Field(_NO_SECRET, title="Consumer key", description="OAuth 1.0a.")
    consumer_secret: SecretStr = Field(_NO_SECRET, title="Consumer secret", description="OAuth 1.0a.")
    access_token: SecretStr = Field(_NO_SECRET, title="Access token", description="OAuth 1.0a.")
    access_token_secret: SecretStr = Field(_NO_SECRET, title="Access token secret", description="OAuth 1.0a.")


class AcumaticaCredentials(Block):
    """How the connector logs in to Acumatica. Save it under the name a2m: user and password, and for OAuth2 also the
    client's id and secret.
    """

    _block_type_name = "Acumatica Credentials"
    _description = "Lets the connector into Acumatica. Its name must be a2m."
    _block_type_slug = "acumatica-credentials"
    section: ClassVar[str] = "acumatica"

    username: str = Field("", title="User", description="Empty: the one of Setup Parameters.")
    password: SecretStr = Field(_NO_SECRET, title="Password", description="Password of the user.")
    client_id: str = Field("", title="OAuth2 client id", description="Empty: the one of Setup Parameters.")
    client_secret: SecretStr = Field(
        _NO_SECRET, title="OAuth2 client secret", description="Of the connected application."
    )


KINDS: tuple[type[MagentoCredentials | AcumaticaCredentials], ...] = (MagentoCredentials, AcumaticaCredentials)


async def register() -> None:
    """Register the Block types, so that Blocks can be created in Prefect's UI."""
    for kind in KINDS:
        await kind.aregister_type_and_schema()


async def from_blocks() -> Saved:
    """Return the secrets of the Blocks by section and field. Raises `CredentialsUnusable`.

    If the worker has read the Blocks for this run already, they are not read again.
    """
    documents = READ_AHEAD.get()
    return secrets_of(await _read() if documents is None else documents)


def secrets_of(documents: Mapping[str, Mapping[str, Any]]) -> Saved:
    """Return the secrets in Block documents, by section and field. Raises `CredentialsUnusable`.

    `documents`: by the slug of their type.
    """
    found: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        slug = kind.get_block_type_slug()
        if slug in documents:
            block = _loaded(kind, documents[slug])
            fields = {name: getattr(block, name) for name in kind.model_fields}
            found[kind.section] = {name: value for name, value in fields.items() if _is_given(value)}
    return found


def _loaded(kind: type[MagentoCredentials | AcumaticaCredentials], document: Mapping[str, Any]) -> Block:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors(include_input=False))
        raise CredentialsUnusable(
            f"The Block {kind.get_block_type_slug()}/{BLOCK_NAME} cannot be loaded: {wrong}."
        ) from error


async def _read() -> Mapping[str, Mapping[str, Any]]:
    slugs = [kind.get_block_type_slug() for kind in KINDS]
    async with get_client() as client:
        documents = await asyncio.gather(*(_document(client, slug) for slug in slugs))
    return {slug: document for slug, document in zip(slugs, documents, strict=True) if document is not None}


async def _document(client: PrefectClient, slug: str) -> Mapping[str, Any] | None:
    try:
        return (await client.read_block_document_by_name(BLOCK_NAME, slug)).data
    except ObjectNotFound:
        return None
    except PrefectException as error:
        raise CredentialsUnusable(f"The Block {slug}/{BLOCK_NAME} cannot be loaded: {error}") from error


def _is_given(value: Any) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
