import pytest

pytestmark = pytest.mark.usefixtures("engine")


def test_the_list_groups_causes_by_family(run):
    done = run("explain")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines.index("SCORING") < lines.index("OBJECTIVE") < lines.index("EMBEDDING")
    assert "SD204  single-unit-softmax  A softmax over a single unit" in " ".join(done.out.split("\n"))


@pytest.mark.parametrize("word", ["single-unit-softmax", "SD204", "sd204"])
def test_a_page_has_title_names_text_and_code(run, word):
    done = run("explain", word)
    assert done.code == 0
    assert done.out.startswith("A softmax over a single unit\nsingle-unit-softmax, SD204, objective\n")
    assert "How it looks: predict returns 1." in done.out
    assert "model.predict(x)" in done.out


def test_an_unknown_page_names_the_nearest(run):
    done = run("explain", "colapsed-embedding")
    assert done.code == 2
    assert "Did you mean 'collapsed-embedding'?" in done.err


def test_the_tutorial_is_offered_and_printed(run):
    assert "siamdoctor explain tutorial" in run("explain").out
    done = run("explain", "Tutorial")
    assert done.code == 0
    assert done.out.startswith("From 50 % to a working model\n")
    assert "        return tf.math.mean(same * distance**2 + (1 - same) * far**2)" in done.out.splitlines()
