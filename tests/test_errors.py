"""Messages are short enough to be read, whatever they quote."""

import pytest
from siamdoctor.errors import LONGEST, BadSettings, SiamdoctorError, UnreadableData, UnreadableModel


@pytest.mark.parametrize("kind", [SiamdoctorError, BadSettings, UnreadableData, UnreadableModel])
def test_a_message_that_quotes_a_whole_file_keeps_its_beginning_and_its_end(kind):
    said = str(kind(f"The archive is damaged ({'x' * 200_000}). Received: model=model.keras"))
    assert len(said) <= LONGEST + 5
    assert said.startswith("The archive is damaged (xxx")
    assert said.endswith("Received: model=model.keras")


def test_a_message_of_ordinary_length_is_left_as_it_is():
    assert str(SiamdoctorError("x" * LONGEST)) == "x" * LONGEST
