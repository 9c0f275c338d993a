"""Where the project is, and its packages."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("a2m", "connector", "deployments", "flows", "receiver", "sandbox", "settings", "tasks")
