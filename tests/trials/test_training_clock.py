"""Remaining time is told when it is known, and rounded to what can be known."""

from __future__ import annotations

import pytest
from siamdoctor.trials.training_clock import Clock, in_words


def test_the_slow_first_piece_does_not_count():
    told: list[tuple[str, float]] = []
    times = iter([100.0, 102.0, 104.0, 104.0])  # the first piece took ever so long, the others two seconds each
    clock = Clock(total=10, tell=lambda what, share: told.append((what, share)), now=lambda: next(times))
    clock.advance(1, "a")
    clock.advance(1, "b")
    clock.advance(1, "c")
    assert [what for what, _ in told[:2]] == ["a", "b"]
    assert told[2][0] == "c, about 15 s left"
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert 0.3 < shares[0] < shares[-1] < 0.95


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "about 5 s"), (42, "about 40 s"), (70, "about 1 min"), (7200, "about 2.0 h")]
)
def test_words(seconds, words):
    assert in_words(seconds) == words
