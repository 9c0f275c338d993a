"""Queue Processing Settings: how messages are cut into requests, how often each is tried, how long a run lives."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from settings.section import Section, setting


class Queue(Section):
    """The queue. Threshold Count and Batch Count are for prices and quantities only, each on its own."""

    threshold_count: int = setting(
        25,
        "Up to this many waiting records go one by one; above it all go in batches.",
        unit="records",
        ge=0,
        le=1_000_000,
    )
    batch_count: int = setting(100, "Records in one batched request.", unit="records a request", ge=1, le=1000)
    retry_count: int = setting(3, "Total number of attempts before a message is Failed.", unit="attempts", ge=1, le=100)
    check_process_time: int = setting(50, "Life of a run, counted from when it was due.", unit="seconds", ge=1, le=59)
    process_sleep_time: int = setting(5, "Pause between two looks of a run.", unit="seconds", ge=1)
    self_tuning: bool = setting(
        False,
        "Find records a request and connections from Magento's answers, at most Batch Count and Concurrency.",
    )
    price_transport: Literal["synchronous", "async_bulk"] = setting(
        "synchronous",
        "How batches of prices go: each request waits for its answer, or many of them in one asynchronous bulk, which "
        "Magento's consumer async.operations.all works off. The first is faster wherever it was measured.",
    )
    wait_tell: int = setting(
        7,
        "Tell once of a message that has waited so long for something outside the queue, such as a payment or the end "
        "of a hold in Magento. It is not a failure, and goes by itself when the wait is over.",
        unit="days",
        ge=1,
        le=365,
    )
    bulk_patience: int = setting(
        180,
        "How long a bulk may stand still before its prices are sent by requests that wait for their answer.",
        unit="seconds",
        ge=90,
        le=3600,
    )
    full_look_every: float = setting(
        24.0,
        "How often everything is read, because Acumatica does not tell what was deleted.",
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
