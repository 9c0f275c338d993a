"""Metadata for the fields of an entity's rule."""

from __future__ import annotations

from types import MappingProxyType

ONLY_SENDING = MappingProxyType({"only_sending": True})
"""The field affects how something is sent but nothing that is computed, so a change of it computes nothing again."""
