"""What the deployments of entities, and their work pool, are called in Prefect.

Prefect lists deployments by name, ten on a page: an entity's begins so that it stands before those that are started by
hand, by whatever rule the database compares letters.
"""

from __future__ import annotations

FIRST = "A to M: "
POOL = "a2m"
"""The work pool of all deployments."""


def deployment_name(entity: str) -> str:
    """Return the name of an entity's deployment."""
    return f"{FIRST}{entity}"


def entity_of(deployment: str) -> str:
    """Return the entity of a deployment; the name itself where it is not an entity's."""
    return deployment.removeprefix(FIRST)


def full_name(entity: str) -> str:
    """Return flow and deployment of an entity, as Prefect finds it."""
    return f"{entity}/{deployment_name(entity)}"
