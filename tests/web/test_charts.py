"""The chart of a day: a bar for each hour, what failed on top of what was sent."""

from web.charts import HEIGHT, WIDTH, Bar, bars


def test_nothing_has_no_chart():
    """A day on which nothing went has no bars."""
    assert bars([0] * 24, [0] * 24) == []


def test_bars_stand_on_each_other_and_fit():
    """The highest hour fills the chart; one failure among thousands is still seen."""
    found = bars([0, 10_000, 5_000], [0, 1, 0])
    assert [one.kind for one in found] == ["sent", "failed", "sent"]
    sent, failed, half = found
    assert failed.y + failed.height == sent.y
    assert failed.height == 3.0
    assert failed.y >= 0
    assert half.x + half.width <= WIDTH
    assert half.y + half.height == HEIGHT
    assert abs(half.height - sent.height / 2) < 0.1


def test_only_failures():
    """They stand on the ground."""
    assert bars([0], [4]) == [Bar("failed", 1.0, 3.0, 286.0, 53.0)]
