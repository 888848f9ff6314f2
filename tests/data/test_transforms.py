import numpy as np
import pytest
from siamdoctor.data.affine import about_centre
from siamdoctor.data.transforms import TRANSFORMS
from sklearn.datasets import load_digits

BY_NAME = {t.name: t for t in TRANSFORMS}


def rng(seed=0):
    return np.random.default_rng(seed)


def blob(row=14, column=14, size=29):
    """A soft dot, whose place can be measured."""
    rows, columns = np.mgrid[:size, :size]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 8)[..., None].astype(np.float32)


def place(image):
    weights = image[..., 0] / image.sum()
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return float((weights * rows).sum()), float((weights * columns).sum())


@pytest.fixture(scope="module")
def digits():
    return load_digits().images[:40, ..., None].astype(np.float32) * (255 / 16)


def test_the_transforms_of_the_seed_article_are_there():
    assert {"rotation", "width_shift", "height_shift", "shear", "zoom", "horizontal_flip"} <= set(BY_NAME)
    assert {"vertical_flip", "brightness", "contrast"} <= set(BY_NAME)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: t.name)
def test_shape_scale_and_originals_are_kept_and_the_seed_decides(transform, digits):
    before = digits.copy()
    for strength in transform.strengths:
        changed = transform.apply(digits, strength, rng(1))
        assert changed.shape == digits.shape
        assert changed.dtype == np.float32
        assert changed.min() >= 0
        assert changed.max() <= 255
        assert np.abs(changed - digits).mean() > 0.3
        assert np.array_equal(changed, transform.apply(digits, strength, rng(1)))
    assert np.array_equal(digits, before)


@pytest.mark.parametrize("name", ["rotation", "width_shift", "height_shift", "shear", "zoom", "brightness", "contrast"])
def test_stronger_changes_more_and_nothing_changes_nothing(name, digits):
    transform = BY_NAME[name]
    changes = [np.abs(transform.apply(digits, s, rng()) - digits).mean() for s in (0.0, *transform.strengths)]
    assert changes[0] < 1e-4
    assert np.all(np.diff(changes) > 0)


@pytest.mark.parametrize("name", ["rotation", "width_shift", "height_shift", "shear", "zoom"])
def test_signs_are_drawn_for_each_image(name):
    images = np.repeat(blob(9, 19)[None], 40, axis=0)
    changed = BY_NAME[name].apply(images, BY_NAME[name].strengths[1], rng())
    kinds = np.unique(np.round(changed.reshape(40, -1), 4), axis=0)
    assert len(kinds) == 2


def test_rotation_turns_by_so_many_degrees():
    changed = BY_NAME["rotation"].apply(blob(14, 22)[None], 40, rng())[0]
    row, column = place(changed)
    assert abs(np.rad2deg(np.arctan2(row - 14, column - 14))) == pytest.approx(40, abs=0.5)
    assert np.hypot(row - 14, column - 14) == pytest.approx(8, abs=0.1)


def test_shifts_go_by_so_many_widths_along_their_own_axis():
    across = place(BY_NAME["width_shift"].apply(blob()[None], 0.2, rng())[0])
    down = place(BY_NAME["height_shift"].apply(blob()[None], 0.2, rng())[0])
    assert abs(across[1] - 14) == pytest.approx(0.2 * 29, abs=0.05)
    assert across[0] == pytest.approx(14, abs=0.01)
    assert abs(down[0] - 14) == pytest.approx(0.2 * 29, abs=0.05)
    assert down[1] == pytest.approx(14, abs=0.01)


def test_zoom_moves_away_from_or_towards_the_centre():
    distances = {round(place(BY_NAME["zoom"].apply(blob(14, 20)[None], 0.2, rng(s))[0])[1] - 14, 1) for s in range(8)}
    assert distances == {round(6 / 1.2, 1), round(6 / 0.8, 1)}


def test_shear_slides_rows_and_keeps_their_height():
    changed = BY_NAME["shear"].apply(blob(20, 14)[None], 40, rng())[0]
    row, column = place(changed)
    assert row == pytest.approx(20, abs=0.05)
    assert abs(column - 14) == pytest.approx(6 * np.tan(np.deg2rad(40)), abs=0.1)


def test_oblong_images_turn_about_their_own_centre():
    image = np.zeros((21, 41, 1), dtype=np.float32)
    image[9:12, 19:22] = 1
    assert place(BY_NAME["rotation"].apply(image[None], 40, rng())[0]) == pytest.approx((10, 20), abs=0.01)


def test_flips_are_mirrors(digits):
    assert np.array_equal(BY_NAME["horizontal_flip"].apply(digits, 1, rng()), digits[:, :, ::-1])
    assert np.array_equal(BY_NAME["vertical_flip"].apply(digits, 1, rng()), digits[:, ::-1])


def test_places_from_outside_repeat_the_edge():
    image = np.tile(np.arange(10, dtype=np.float32)[None, :, None], (10, 1, 1))
    changed = about_centre(image, np.eye(2), np.array([0.0, -3.0]))
    assert changed[5, :, 0].tolist() == [3, 4, 5, 6, 7, 8, 9, 9, 9, 9]


def test_brightness_is_cut_off_at_the_scale_of_the_images():
    for top in (1.0, 255.0, 65535.0):
        images = np.full((30, 4, 4, 1), top, dtype=np.float32)
        images[:, :2] = top / 4
        changed = BY_NAME["brightness"].apply(images, 0.4, rng())
        assert changed.max() == pytest.approx(top)
        assert {round(float(v) / top, 3) for v in changed[:, 0, 0, 0]} == {0.15, 0.35}
    signed = rng().normal(size=(30, 4, 4, 1)).astype(np.float32)
    assert BY_NAME["brightness"].apply(signed, 0.4, rng()).min() < signed.min()


def test_contrast_keeps_the_mean():
    images = rng().uniform(0.4, 0.6, (6, 9, 9, 3)).astype(np.float32)
    changed = BY_NAME["contrast"].apply(images, 0.4, rng())
    assert np.allclose(changed.mean((1, 2)), images.mean((1, 2)), atol=1e-5)
    ratio = changed.std((1, 2)) / images.std((1, 2))
    assert np.allclose(np.minimum(abs(ratio - 1.4), abs(ratio - 0.6)), 0, atol=1e-4)
