"""The wheel, and an environment that has it and not the project's folder."""

from support.wheel import installed, wheel

__all__ = ["installed", "wheel"]
