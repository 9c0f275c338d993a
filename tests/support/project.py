"""The folder of the project, and its packages."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "a2m",
    "app",
    "connector",
    "deployments",
    "entities",
    "flows",
    "receiver",
    "sandbox",
    "settings",
    "tasks",
    "web",
)
