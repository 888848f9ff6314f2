from __future__ import annotations

import pytest

from readme_parts import PARTS, README, refreshed

EMPTY = "# Title\n<!-- {0}: begin -->\nold\n<!-- {0}: end -->\nrest | of it\n"


@pytest.mark.parametrize(
    ("part", "row"),
    [
        ("commands", "| `siamdoctor diagnose` | Run every check that can run"),
        ("options", "| `--fail-on` | "),
        ("causes", "| SD102 | `wrong-threshold` | The decision threshold"),
    ],
)
def test_a_part_is_written_between_its_marks_and_nothing_else_changes(part: str, row: str):
    text = refreshed(EMPTY.format(part))
    assert text.startswith(f"# Title\n<!-- {part}: begin -->\n| ")
    assert text.endswith(f" |\n<!-- {part}: end -->\nrest | of it\n")
    assert row in text
    assert "old" not in text.splitlines()
    assert refreshed(text) == text


def test_rows_have_as_many_cells_as_their_head():
    for part in PARTS:
        rows = refreshed(EMPTY.format(part)).splitlines()[2:-2]
        assert len({row.replace("\\|", "").count("|") for row in rows}) == 1


@pytest.mark.parametrize("text", ["<!-- prices: begin --><!-- prices: end -->", "<!-- causes: begin -->"])
def test_a_part_that_is_unknown_or_unended_is_refused(text: str):
    with pytest.raises(ValueError, match="Received: "):
        refreshed(text)


def test_the_readme_is_up_to_date():
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    assert refreshed(text) == text, "run `make readme`"
