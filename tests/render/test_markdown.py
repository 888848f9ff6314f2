import dataclasses

from example_reports import CRASHED, HEALTHY, ILL
from siamdoctor.render import markdown
from siamdoctor.render.frame import Frame
from siamdoctor.render.markdown_text import code_span, escaped, prose


def test_verdict_accuracy_causes_and_fixes_in_this_order():
    text = markdown.render(ILL, Frame())
    places = [
        text.index(part)
        for part in (
            "siamdoctor: chance",
            "Every pair is called the same",
            "**50.0 % \\[48.0, 52.0\\]**",
            "| 1 | A softmax over a single unit (SD204) | proven | +42 points \\[35, 48\\] |",
            "### 1. A softmax over a single unit",
            '```python\noutputs = Dense(1, activation="sigmoid", name="decision")(merged)\n',
            "### 2. A threshold far from the best one",
            "- choose the threshold on one half of the pairs\n- report the other half",
            "<details><summary>All 5 checks</summary>",
            "Exit 1:",
        )
    ]
    assert places == sorted(places)


def test_a_healthy_report_has_no_table_of_causes():
    text = markdown.render(HEALTHY, Frame())
    assert "recovers" not in text
    assert "siamdoctor: healthy" in text


def test_user_text_stays_text():
    assert escaped("<b>*x* [a](b) #1 @you a|b") == ("\\<b\\>\\*x\\* \\[a\\](b) \\#1 &#64;you a\\|b")
    assert escaped("use `a_b` and\nc_d") == "use `a_b` and c\\_d"
    assert code_span("a`b|c") == "``a`b\\|c``"
    assert code_span("`") == "`` ` ``"
    assert prose("    x = ```3```") == "````python\nx = ```3```\n````"


def test_a_reason_cannot_break_its_row():
    broken = dataclasses.replace(CRASHED.checks[-1], reason="a | b\n| c |")
    text = markdown.render(dataclasses.replace(CRASHED, checks=(broken,)), Frame())
    assert "| SD304 | Narrow embedding | crashed | a \\| b \\| c \\| |" in text
