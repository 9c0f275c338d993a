"""Whatever instant a look dies at, the next one carries on: nothing is lost, and no key goes back to an older value."""

import pytest
from support.crashes import Death, look_in_process

from connector.queue.lease import LEASE_SECONDS
from connector.steps import STEPS

SECTIONS = {"queue": {"threshold_count": 3, "batch_count": 5}, "magento": {"concurrency": 2}}
CHANGED = ("SKU-000001", "SKU-000002", "SKU-000004", "SKU-000005", "CABLE/USB-C 2M", "Screw M4 x 20")


def changes(entity: str, round_number: int) -> list[dict]:
    """Another value for some items, the same in every run."""
    if entity == "price":
        return [
            {"set_price": {"inventory_id": key, "price": f"{10 * round_number + place}.25"}}
            for place, key in enumerate(CHANGED)
        ]
    return [
        {"set_quantity": {"inventory_id": key, "warehouse": "EAST", "available": str(10 * round_number + place)}}
        for place, key in enumerate(CHANGED)
    ]


@pytest.fixture
def story(make_world, tmp_path):
    """A connected shop, six changes, a look that dies somewhere, a newer change, and the look that mends it."""

    def tell(entity: str, *deaths: Death) -> tuple[object, dict]:
        here = make_world(12)
        sections = here.sections(**SECTIONS)
        here.state.close()

        def look(death: Death | None = None) -> dict:
            here.clock.advance(LEASE_SECONDS + 1)
            return look_in_process(
                entity, here.database_url, sections, here.clock.now(), tmp_path / "reached.json", death
            )

        look()
        here.change(*changes(entity, 1))
        reached = look(deaths[0]) if deaths else look()
        for death in deaths[1:]:
            look(death)
        if deaths:
            here.clock.advance(1)
            here.change(*changes(entity, 2)[:2])
            look()
        return here, reached

    return tell


@pytest.mark.parametrize("entity", ["price", "inventory"])
def test_a_look_that_dies_at_any_step_is_carried_on(story, entity):
    """A process dies at each step that a clean look reaches, each time that it reaches it; afterwards all is right."""
    here, reached = story(entity)
    here.assert_converged(entities=[entity])
    assert set(reached) == set(STEPS), "a step that no look reaches proves nothing"
    deaths = [Death(step, time) for step in STEPS for time in range(1, min(reached[step], 2) + 1)]
    for death in deaths:
        here, _reached = story(entity, death)
        here.assert_converged(entities=[entity])
        here.assert_never_older()
