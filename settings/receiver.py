"""Push Notifications: what Acumatica has to send to the receiver so that it starts the next sync at once."""

from __future__ import annotations

from pydantic import SecretStr

from settings.declare import setting
from settings.section import Section


class Receiver(Section, title="Push Notifications"):
    """The receiver of Acumatica's notifications, `a2m receiver`; without a secret it does not start."""

    secret: SecretStr | None = setting(None, "The header value of the push notification's destination in Acumatica.")
    header: str = setting(
        "X-A2M-Secret",
        "The header name of that destination.",
        label="Header name",
        pattern=r"^[A-Za-z0-9-]+$",
        max_length=100,
    )
    start_runs: bool = setting(
        True, "Start a run through Prefect where none is working on the entity that changed. It needs PREFECT_API_URL."
    )
