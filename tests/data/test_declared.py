import warnings

import numpy as np
import pytest
from scipy.stats import ks_2samp
from siamdoctor.data.declared import declared_pipeline
from siamdoctor.data.generator import Generator, Motion
from siamdoctor.errors import BadSettings
from sklearn.datasets import load_digits

SHAPE = (8, 8, 1)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def digits():
    return load_digits().images[:60, ..., None].astype(np.float32) * (255 / 16)


@pytest.fixture(scope="module")
def keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras  # noqa: PLC0415  (seconds; only these tests compare with it)
    return keras


@pytest.fixture(scope="module")
def keras_generator(keras):  # noqa: ARG001  (imported first, in silence)
    from keras.src.legacy.preprocessing.image import ImageDataGenerator  # noqa: PLC0415  (as above)

    return ImageDataGenerator


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
@pytest.mark.parametrize("shape", [(13, 17, 3), (9, 9, 1), (20, 8, 4)])
def test_given_parameters_do_exactly_what_keras_does(keras_generator, fill_mode, shape):
    draw = rng(1)
    theirs = keras_generator(fill_mode=fill_mode, cval=7.0)
    ours = Generator(fill_mode=fill_mode, cval=7.0)
    for _ in range(12):
        image = draw.uniform(0, 255, shape).astype(np.float32)
        given = {
            "theta": draw.uniform(-90, 90),
            "tx": draw.uniform(-4, 4),
            "ty": draw.uniform(-4, 4),
            "shear": draw.uniform(-40, 40),
            "zx": draw.uniform(0.6, 1.5),
            "zy": draw.uniform(0.6, 1.5),
            "flip_horizontal": bool(draw.integers(2)),
            "flip_vertical": bool(draw.integers(2)),
        }
        extra = {"channel_shift": draw.uniform(-50, 50), "brightness": draw.uniform(0.5, 1.5)}
        named = {"channel_shift_intensity": extra["channel_shift"], "brightness": extra["brightness"]}
        for ours_extra, theirs_extra in (({}, {}), (extra, named)):
            expected = theirs.apply_transform(image.copy(), given | theirs_extra)
            assert np.array_equal(ours.transformed(image, Motion(**given, **ours_extra)), expected)


@pytest.mark.parametrize("scale", [1.0, 255.0, 4000.0])
@pytest.mark.parametrize("low", [0.0, -1.0])
def test_brightness_of_images_on_any_scale_is_that_of_keras(keras_generator, scale, low):
    image = rng(2).uniform(low * scale, scale, (9, 9, 3)).astype(np.float32)
    expected = keras_generator().apply_transform(image.copy(), {"brightness": 1.2})
    assert np.allclose(Generator().transformed(image, Motion(brightness=1.2)), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "keywords",
    [
        {"rotation_range": 30},
        {"width_shift_range": 0.2, "height_shift_range": 0.1},
        {"width_shift_range": 3, "height_shift_range": 1},
        {"width_shift_range": 1.0, "height_shift_range": 2.5},
        {"width_shift_range": [1, 4], "height_shift_range": [0.1, 0.2]},
        {"shear_range": 15, "zoom_range": 0.3},
        {"zoom_range": [0.5, 0.8]},
        {"channel_shift_range": 20, "brightness_range": [0.5, 0.9]},
        {"horizontal_flip": True, "vertical_flip": False},
    ],
)
def test_parameters_are_drawn_as_keras_draws_them(keras_generator, keywords):
    theirs, draws = keras_generator(**keywords), rng(3)
    np.random.seed(0)  # noqa: NPY002  (Keras draws from the global generator)
    expected = [theirs.get_random_transform((20, 30, 1)) for _ in range(2000)]
    pipeline = declared_pipeline(keywords, (20, 30, 1))
    generator = pipeline.apply.__self__
    ours = [generator.drawn(20, 30, draws) for _ in range(2000)]
    for name in ("theta", "tx", "ty", "shear", "zx", "zy", "flip_horizontal", "flip_vertical", "brightness"):
        a = np.array([float(getattr(m, name) or 0) for m in ours])
        b = np.array([float(p[name] or 0) for p in expected])
        assert ks_2samp(a, b).statistic < 0.06, name


@pytest.mark.parametrize(
    "keywords",
    [
        {"rescale": 1 / 255},
        {"samplewise_center": True},
        {"rescale": 1 / 255, "samplewise_std_normalization": True},
    ],
)
def test_standardisation_is_that_of_keras(keras_generator, digits, keywords):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = keras_generator(**keywords)
    expected = np.stack([theirs.standardize(image.copy()) for image in digits])
    pipeline = declared_pipeline(keywords, SHAPE)
    assert np.allclose(pipeline.standardise(digits), expected, atol=1e-5)
    assert pipeline.rescale == keywords.get("rescale")
    assert pipeline.names == ()
    assert np.array_equal(pipeline.apply(digits, rng()), digits)


def layer_images():
    return rng(5).uniform(0, 255, (400, 9, 12, 3)).astype(np.float32)


LAYERS = [
    ("RandomRotation", {"factor": 0.2}),
    ("RandomRotation", {"factor": [-0.1, 0.3], "fill_mode": "constant", "fill_value": 9.0}),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": [0.1, 0.2], "fill_mode": "nearest"}),
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.2, "interpolation": "nearest"}),
    ("RandomZoom", {"height_factor": 0.3}),
    ("RandomZoom", {"height_factor": [-0.3, -0.1], "width_factor": 0.2, "fill_mode": "constant"}),
    ("RandomShear", {"x_factor": [0.1, 0.3], "y_factor": [0.0, 0.2]}),
    ("RandomFlip", {"mode": "horizontal"}),
    ("RandomFlip", {}),
    ("RandomContrast", {"factor": 0.4}),
    ("RandomContrast", {"factor": [0.2, 0.6]}),
    ("RandomBrightness", {"factor": 0.3}),
    ("RandomBrightness", {"factor": [-0.5, -0.2], "value_range": [0, 200]}),
    ("RandomGrayscale", {"factor": 0.3}),
    ("RandomInvert", {"factor": [0.2, 0.6]}),
    ("GaussianNoise", {"stddev": 0.8}),
]


@pytest.mark.parametrize(("name", "config"), LAYERS, ids=str)
def test_layers_change_images_as_much_and_as_variously_as_keras_layers(keras, name, config):
    images = layer_images()
    keras.utils.set_random_seed(1)
    theirs = np.asarray(getattr(keras.layers, name)(**config)(images, training=True))
    ours = declared_pipeline([{"class_name": name, "config": config}], (9, 12, 3)).apply(images, rng(6))
    assert ours.shape == images.shape
    assert ours.dtype == np.float32
    for measure in (
        lambda x: np.abs(x - images).mean((1, 2, 3)),
        lambda x: x.mean((1, 2, 3)),
        lambda x: x[:, 0, 0, 0],
        lambda x: (x - images).std((1, 2, 3)),
    ):
        a, b = np.sort(measure(ours)), np.sort(measure(theirs))
        assert abs(a.mean() - b.mean()) < 0.2 * b.std() + 0.02 * abs(b).mean() + 1e-3


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("RandomRotation", {"factor": [0.1, 0.1 + 1e-9]}),
        ("RandomTranslation", {"height_factor": [0.25, 0.25], "width_factor": [-0.1, -0.1]}),
        ("RandomZoom", {"height_factor": [0.2, 0.2], "width_factor": [-0.3, -0.3]}),
        ("RandomZoom", {"height_factor": [0.2, 0.2], "fill_mode": "constant", "fill_value": 50.0}),
        ("RandomTranslation", {"height_factor": [0.3, 0.3], "width_factor": [0.1, 0.1], "fill_mode": "constant"}),
        ("RandomTranslation", {"height_factor": [0.3, 0.3], "width_factor": [0.1, 0.1], "fill_mode": "nearest"}),
    ],
)
def test_a_fixed_factor_gives_the_very_image_of_keras(keras, name, config):
    images = layer_images()[:5]
    theirs = np.asarray(getattr(keras.layers, name)(**config)(images, training=True))
    ours = declared_pipeline([{name: config}], (9, 12, 3)).apply(images, rng())
    assert np.allclose(ours, theirs, atol=0.05)


def test_all_spellings_of_layers_mean_the_same(digits):
    full = declared_pipeline([{"class_name": "RandomRotation", "config": {"factor": 0.1}}], SHAPE)
    saved = [{"class_name": "InputLayer", "config": {}}, {"class_name": "RandomRotation", "config": {"factor": 0.1}}]
    spellings = [
        [{"RandomRotation": {"factor": 0.1}}],
        {"RandomRotation": 0.1},
        [{"random_rotation": 0.1}],
        [{"keras.layers.RandomRotation": {"factor": 0.1}}],
        {"class_name": "RandomRotation", "config": {"factor": 0.1, "name": "rr", "trainable": True}},
        {"class_name": "Sequential", "config": {"layers": saved}},
    ]
    for spelling in spellings:
        pipeline = declared_pipeline(spelling, SHAPE)
        assert pipeline.names == ("RandomRotation",)
        assert np.array_equal(pipeline.apply(digits, rng(1)), full.apply(digits, rng(1)))
    assert declared_pipeline(["RandomFlip"], SHAPE).names == ("RandomFlip",)


def test_nothing_declared_is_none_and_an_empty_declaration_changes_nothing(digits):
    assert declared_pipeline(None, SHAPE) is None
    assert declared_pipeline({"rotation_range": 5}, (20,)) is None
    for empty in ({}, [], {"rotation_range": 0}):
        pipeline = declared_pipeline(empty, SHAPE)
        assert pipeline.names == ()
        assert np.array_equal(pipeline.apply(digits, rng()), digits)


def test_each_part_can_be_judged_alone(digits):
    keywords = {"rotation_range": 40, "shear_range": 0.2, "horizontal_flip": True, "fill_mode": "constant"}
    pipeline = declared_pipeline(keywords, SHAPE)
    assert pipeline.names == ("rotation_range", "shear_range", "horizontal_flip")
    moved = {name: float(np.abs(part.apply(digits, rng()) - digits).mean()) for name, part in pipeline.components()}
    assert moved["shear_range"] < 0.01 * moved["rotation_range"]  # 0.2 degrees, not 0.2 radians
    assert moved["horizontal_flip"] > 5
    assert {name for name, part in pipeline.components() for name in part.names} == set(pipeline.names)


def test_height_shift_moves_sideways_as_in_keras():
    image = np.zeros((1, 21, 21, 1), dtype=np.float32)
    image[0, 10, 10] = 1
    moved = declared_pipeline({"height_shift_range": [4]}, (21, 21, 1)).apply(image, rng())
    assert np.argwhere(moved[0, ..., 0]).tolist() in ([[10, 6]], [[10, 14]])


def test_layers_between_rescaling_see_the_scale_it_made(digits):
    spec = [{"Rescaling": {"scale": 1 / 255}}, {"RandomBrightness": {"factor": [0.2, 0.2], "value_range": [0, 1]}}]
    pipeline = declared_pipeline(spec, SHAPE)
    changed = pipeline.apply(digits, rng())
    assert np.allclose(changed, np.minimum(digits + 51, 255), atol=1e-3)
    assert pipeline.rescale == pytest.approx(1 / 255)
    assert pipeline.standardise(digits).max() == pytest.approx(digits.max() / 255)


def test_brightness_with_the_default_range_whitens_images_that_were_scaled_before(digits):
    changed = declared_pipeline([{"RandomBrightness": [0.2, 0.2]}], SHAPE).apply(digits / 255, rng())
    assert changed.min() > 50


def test_what_is_not_simulated_is_named():
    pipeline = declared_pipeline({"featurewise_center": True, "zca_whitening": False, "rotation_range": 5}, SHAPE)
    assert pipeline.ignored == ("featurewise_center is not simulated: it depends on the training data",)
    assert declared_pipeline(["RandomHue"], SHAPE).ignored == ("RandomHue is not simulated",)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"rotaton_range": 5}, "Did you mean 'rotation_range'"),
        ({"rotation": 5}, "Did you mean 'rotation_range'"),
        (["RandomRotate"], "Did you mean 'RandomRotation'"),
        ([{"RandomFlop": {}}], "Did you mean 'RandomFlip'"),
        ({"rotation_range": "20"}, r"rotation_range must be a number\. Received: rotation_range='20'"),
        ({"zoom_range": [1, 2, 3]}, "zoom_range must be"),
        ({"brightness_range": 0.2}, r"brightness_range must be \[low, high\]"),
        ({"fill_mode": "mirror"}, "fill_mode must be one of nearest"),
        ({"horizontal_flip": "yes"}, "horizontal_flip must be true or false"),
        ([{"RandomRotation": {}}], "factor must be a number"),
        ([{"RandomRotation": {"factor": 0.1, "fill_mode": "mirror"}}], "fill_mode must be one of"),
        ([{"RandomFlip": "diagonal"}], "mode must be"),
        ([{"Rescaling": {"scale": 0}}], "scale=0"),
        ([3], "Received: 3"),
        ("nonsense", "Unknown augmentation 'nonsense'"),
        (True, "Received: True"),
    ],
)
def test_mistakes_are_named_with_the_nearest_known(spec, message):
    with pytest.raises(BadSettings, match=message):
        declared_pipeline(spec, SHAPE)


def test_the_seed_decides_and_images_are_not_changed(digits):
    before = digits.copy()
    pipeline = declared_pipeline({"rotation_range": 20, "zoom_range": 0.2, "brightness_range": [0.8, 1.2]}, SHAPE)
    first, again, other = (pipeline.apply(digits, rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(digits, before)
