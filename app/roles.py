"""The roles of the workspace's users."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A viewer may see everything; an administrator may also change it."""

    VIEWER = "viewer"
    ADMINISTRATOR = "administrator"
