"""Long work says how far it is."""

from support.world import world

from connector.state.run_state import RunState


async def test_a_push_that_takes_long(tmp_path, home, monkeypatch):
    """After each chunk it is said what was read and queued; while sending, every five seconds what was sent, how much
    is left and when that will be done at the pace so far.
    """
    message, settle = [], RunState.settle
    with world(tmp_path, 12) as here:

        def settle_slowly(*arguments, **more):
            here.clock.advance(2)
            return settle(*arguments, **more)

        monkeypatch.setattr(RunState, "settle", settle_slowly)
        outcome = await here.sync("price", here.settings(magento={"concurrency": 1}), said=message.append)
    assert outcome.fault is None
    assert message == [
        "price: 12 read, 12 queued",
        *(
            f"price: {sent} sent, 0 failed; {left} left, done at about 15:00 UTC"
            for sent, left in ((4, 7), (7, 4), (10, 1))
        ),
    ]
