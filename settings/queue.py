"""Queue Processing Settings: how messages are divided into requests, how often each is tried, how long a run lasts."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from settings.declare import setting
from settings.section import Section


class Queue(Section, title="Queue Processing Settings"):
    """How messages are sent. Threshold Count and Batch Count apply to prices and to quantities, separately."""

    threshold_count: int = setting(
        25,
        "Up to this many waiting records are sent one by one. If more are waiting, all are sent in batches.",
        label="Threshold Count",
        unit="records",
        ge=0,
        le=1_000_000,
    )
    batch_count: int = setting(
        100,
        "How many records one batched request holds.",
        label="Batch Count",
        unit="records per request",
        ge=1,
        le=1000,
    )
    retry_count: int = setting(
        3,
        "How often a message is tried in all before it is Failed.",
        label="Retry Count",
        unit="attempts",
        ge=1,
        le=100,
    )
    check_process_time: int = setting(
        50,
        "How long a run lasts, counted from when it was due.",
        label="Check Process Time",
        unit="seconds",
        ge=1,
        le=59,
    )
    process_sleep_time: int = setting(
        5, "How long a run pauses between two syncs.", label="Process Sleep Time", unit="seconds", ge=1
    )
    self_tuning: bool = setting(
        False,
        "Adapt the records per request and the connections to how fast Magento answers. Batch Count and Concurrency "
        "are the most that is used.",
    )
    price_transport: Literal["synchronous", "async_bulk"] = setting(
        "synchronous",
        "How batches of prices are sent: each request waits for its answer, or many of them go as one asynchronous "
        "bulk, which Magento's consumer async.operations.all processes. The first was faster wherever it was "
        "measured.",
        choices={"synchronous": "Synchronous requests", "async_bulk": "Asynchronous bulks"},
    )
    report_waits_after: int = setting(
        7,
        "Report a message once that has waited so long for something outside the queue, such as a payment or the end "
        "of a hold in Magento. It is not a failure, and is sent by itself when the wait is over.",
        label="Report messages that wait longer than",
        formerly="wait_tell",
        unit="days",
        ge=1,
        le=365,
    )
    bulk_patience: int = setting(
        180,
        "How long a bulk may make no progress before its prices are sent by synchronous requests.",
        unit="seconds",
        ge=90,
        le=3600,
    )
    full_sync_interval: float = setting(
        24.0,
        "How often everything is read. Only this finds what was deleted, because Acumatica does not report deletions.",
        formerly="full_look_every",
        unit="hours",
        gt=0,
        le=24 * 31,
    )

    @model_validator(mode="after")
    def _sleep_fits(self) -> Self:
        if self.process_sleep_time > self.check_process_time:
            raise ValueError(
                f"process_sleep_time: {self.process_sleep_time} is more than Check Process Time "
                f"({self.check_process_time}); it must be the same or less"
            )
        return self
