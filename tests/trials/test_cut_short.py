"""Long work that ends early, by the clock or by Ctrl-C, keeps what it has."""

import pytest
from siamdoctor.trials.cut_short import CutShort
from siamdoctor.trials.training import OutOfTime


@pytest.mark.parametrize(("end", "interrupted"), [(OutOfTime, False), (KeyboardInterrupt, True)])
def test_an_early_end_is_noted_and_nothing_after_it_is_done(end, interrupted):
    cut, done = CutShort(), []
    with cut.noted():
        done.append("first")
        raise end
    assert (cut.partial, cut.interrupted, done) == (True, interrupted, ["first"])


def test_work_that_is_finished_is_not_partial_and_other_errors_pass():
    cut = CutShort()
    with cut.noted():
        pass
    assert not cut.partial
    with pytest.raises(ValueError, match="other"), cut.noted():
        raise ValueError("other")
    assert not cut.partial
