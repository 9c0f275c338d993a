"""Marks on the fields of an entity's rule."""

from __future__ import annotations

from types import MappingProxyType

ONLY_SENDING = MappingProxyType({"only_sending": True})
"""The field changes how something is sent and nothing that is computed, so a change of it computes nothing again."""
