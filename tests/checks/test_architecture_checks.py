"""The checks of wiring: the fault, a near miss that stays clear, an invariance."""

from sound_cases import look, sound


def test_an_input_that_reaches_no_output_is_proof():
    assert look("same-input-twice", sound(same_input_twice=True)).proof
    assert look("same-input-twice", sound(ignored_inputs=("right",))).certainty == 1
    assert look("same-input-twice", sound()).certainty == 0


def test_towers_that_share_weights_or_agree_are_no_fault():
    assert look("untied-towers", sound()).certainty == 0
    agreeing = look("untied-towers", sound(twins="separate"))
    assert agreeing.certainty < 0.5
    assert agreeing.recovers is None
