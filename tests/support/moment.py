"""The time at which tests without a world start; a world starts at `support.world.START`."""

from datetime import UTC, datetime

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
