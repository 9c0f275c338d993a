"""Push Notifications: what Acumatica has to show to the receiver that wakes the next look."""

from __future__ import annotations

from pydantic import SecretStr

from settings.section import Section, setting


class Receiver(Section):
    """The receiver, `a2m receiver`; without a secret it does not start."""

    secret: SecretStr | None = setting(None, "The header value of the push notification's destination in Acumatica.")
    header: str = setting(
        "X-A2M-Secret", "The header name of that destination.", pattern=r"^[A-Za-z0-9-]+$", max_length=100
    )
    start_runs: bool = setting(
        True, "Where no run works on an entity that is woken, start one through Prefect (needs PREFECT_API_URL)."
    )
