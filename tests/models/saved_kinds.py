"""Kinds of saved Siamese models, each made on the spot, to try what reads it: Keras itself, and siamdoctor."""

from __future__ import annotations

import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import keras
import numpy as np
import zoo
import zoo_styles
from keras import layers, ops
from siamdoctor.settings import ModelSettings

KERAS_2 = Path(__file__).with_name("keras2_models.tar.xz")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A saved model, what samples it answers to and how; no answer where none is to be had."""

    path: Path
    sides: tuple[np.ndarray, ...] = ()
    wanted: np.ndarray | None = None
    settings: ModelSettings = field(default_factory=ModelSettings)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One row: what is saved, in which format, which option it takes, and how to make it.

    slow: it is left out of the quick tests.
    """

    what: str
    saved: str
    make: Callable[[Path], Made]
    option: str = ""
    slow: bool = True


def two(head, tower=zoo.encoder) -> keras.Model:
    return zoo.twin(head, tower)


def absolute(left, right):
    return zoo.sigmoid(layers.Lambda(lambda t: abs(t[0] - t[1]))([left, right]))


def scaled_by_lambda() -> keras.Model:
    given = layers.Input((8, 8, 1))
    x = layers.Lambda(lambda t: t / 127.5 - 0, name="scale")(given)
    return keras.Model(given, layers.Dense(6)(layers.Flatten()(x)))


def own_distance(left, right):
    class L1Dist(layers.Layer):
        def call(self, one, other):
            return abs(one - other)

    return zoo.sigmoid(L1Dist()(left, right))


def own_triplet() -> keras.Model:
    class DistanceLayer(layers.Layer):
        def call(self, anchor, positive, negative):
            near = ops.sum(ops.square(anchor - positive), -1)
            return near, ops.sum(ops.square(anchor - negative), -1)

    return zoo.triplet(DistanceLayer())


OWN_LAYER = """
from keras import layers

class Scale(layers.Layer):
    def build(self, shape):
        self.factor = self.add_weight(shape=(shape[-1],), name="factor")

    def call(self, x):
        return self.factor * x
"""


OWN_MODEL = """
import keras
from keras import layers, ops

class SiameseModel(keras.Model):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.embedding = keras.Sequential([layers.Flatten(), layers.Dense(6)])
        self.head = layers.Dense(1, activation="sigmoid")

    def call(self, sides):
        return self.head(ops.abs(self.embedding(sides[0]) - self.embedding(sides[1])))
"""


def model_class(folder: Path) -> Made:
    (folder / "mine.py").write_text(OWN_MODEL)
    names: dict[str, type[keras.Model]] = {}
    exec(OWN_MODEL, names)  # noqa: S102  (the program that saves the model)
    model = names["SiameseModel"]()
    rng = np.random.default_rng(0)
    sides = tuple(rng.random((9, 8, 8, 1), dtype=np.float32) for _ in range(2))
    wanted = np.asarray(model(list(sides)))
    model.save(folder / "model.keras")
    settings = ModelSettings(custom_objects=str(folder / "mine.py"))
    return Made(path=folder / "model.keras", sides=sides, wanted=wanted, settings=settings)


def own_layer_inside() -> keras.Model:
    names: dict[str, type[layers.Layer]] = {}
    exec(OWN_LAYER, names)  # noqa: S102  (the program that saves the model)
    given = layers.Input((8, 8, 1))
    return keras.Model(given, names["Scale"]()(layers.Dense(6)(layers.Flatten()(given))))


def wrapped_tower() -> keras.Model:
    pair = layers.Input((2, 8, 8, 1))
    both = layers.TimeDistributed(zoo.encoder())(pair)
    return keras.Model(pair, zoo.euclidean(both[:, 0], both[:, 1]))


def labelled() -> keras.Model:
    image, label = layers.Input((8, 8, 1), name="image"), layers.Input((1,), name="label")
    return keras.Model([image, label], layers.Concatenate()([label, zoo.encoder()(image)]))


def tokens_and_mask() -> keras.Model:
    tokens, mask = layers.Input((7,), name="tokens"), layers.Input((7,), name="mask")
    keep = ops.expand_dims(mask, -1)
    tower = keras.Model([tokens, mask], ops.sum(layers.Dense(6)(layers.Embedding(50, 8)(tokens)) * keep, axis=1))
    ports = [layers.Input((7,), name=name) for name in ("tokens_a", "mask_a", "tokens_b", "mask_b")]
    return keras.Model(ports, zoo.sigmoid(abs(tower(ports[:2]) - tower(ports[2:]))))


def text_in(folder: Path) -> Made:
    """A model that takes text; what siamdoctor is given are the numbers that its own layer makes of it."""
    words = layers.TextVectorization(output_sequence_length=5, vocabulary=["big", "small", "red", "blue"])
    given = layers.Input((1,), dtype="string")
    tower = keras.Model(given, layers.GRU(6)(layers.Embedding(6, 8, mask_zero=True)(words(given))))
    sides = [layers.Input((1,), dtype="string", name=name) for name in ("left", "right")]
    model = keras.Model(sides, zoo.euclidean(tower(sides[0]), tower(sides[1])))
    model.save(folder / "model.keras")
    texts = [ops.convert_to_tensor([[t] for t in each]) for each in (["big red", "blue"], ["small", "big blue"])]
    tokens = tuple(np.asarray(words(each)).astype("int32") for each in texts)
    return Made(path=folder / "model.keras", sides=tokens, wanted=np.asarray(model(texts, training=False)))


def trained_by_itself() -> keras.Model:
    class SiameseModel(keras.Model):
        def train_step(self, data):
            return super().train_step(data)

    left, right = zoo.images("left", "right")
    shared = zoo.encoder()
    return SiameseModel([left, right], zoo.sigmoid(abs(shared(left) - shared(right))))


def with_own_loss() -> keras.Model:
    def contrastive_loss(truth, distance):
        return ops.mean(truth * distance**2 + (1 - truth) * ops.maximum(1 - distance, 0) ** 2)

    model = two(lambda a, b: layers.Dot(axes=1, normalize=True)([a, b]))
    model.compile("adam", loss=contrastive_loss)
    return model


def answered(model: keras.Model, path: Path, **settings: object) -> Made:
    """A model with the answer of the program that saved it, on pairs."""
    given = zoo.samples_for(model)
    answer = keras.tree.flatten(model(given if len(given) > 1 else given[0], training=False))[0]
    sides = tuple(given)
    if len(given) == 1 and given[0].ndim == 5:
        sides = given[0][:, 0], given[0][:, 1]
    if len(given) == 4:
        sides = np.stack(given[:2], axis=1), np.stack(given[2:], axis=1)
    wanted = np.asarray(answer)
    if "label" in {port.name for port in model.inputs}:
        sides, wanted = sides[:1], wanted[:, 1:]
    return Made(path=path, sides=sides, wanted=wanted, settings=ModelSettings(**settings))  # type: ignore[arg-type]


def saving(build: Callable[[], keras.Model], extension: str, **settings: object) -> Callable[[Path], Made]:
    """How to save a model that `build` makes."""

    def make(folder: Path) -> Made:
        model, path = build(), folder / f"model.{extension}"
        model.save(path)
        return answered(model, path, **settings)

    return make


def weights_alone(folder: Path) -> Made:
    model = two(zoo.euclidean)
    model.save_weights(folder / "model.weights.h5")
    (folder / "config.json").write_text(model.to_json())
    return answered(model, folder / "model.weights.h5", architecture=str(folder / "config.json"))


def unpacked(folder: Path) -> Made:
    made = saving(lambda: two(zoo.euclidean), "keras")(folder)
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(folder / "model")  # noqa: S202  (made a moment ago)
    return Made(path=folder / "model", sides=made.sides, wanted=made.wanted)


def with_code(folder: Path) -> Made:
    (folder / "mine.py").write_text(OWN_LAYER)
    build = lambda: two(zoo.euclidean, own_layer_inside)  # noqa: E731  (as short as the others)
    return saving(build, "keras", custom_objects=str(folder / "mine.py"))(folder)


def bare_list(folder: Path) -> Made:
    """As Keras wrote Sequential models before version 2.2.3."""
    made = saving(zoo.sequential, "h5")(folder)
    with h5py.File(made.path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps({**config, "config": config["config"]["layers"]})
    return made


def of_keras_2(name: str) -> Callable[[Path], Made]:
    """A file that Keras 2 saved, with what it answered then."""

    def make(folder: Path) -> Made:
        with tarfile.open(KERAS_2) as archive:
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # since Python 3.11.4
            archive.extractall(folder, **safely)  # type: ignore[arg-type]  # noqa: S202  (this repository's own)
        stored = np.load(folder / f"{Path(name).stem}.npz")
        sides = tuple(stored[key] for key in ("arr_0", "arr_1") if key in stored)
        return Made(path=folder / name, sides=sides, wanted=stored["outputs"])

    return make


def exported(folder: Path) -> Made:
    model = two(zoo.euclidean)
    model.export(folder / "exported", verbose=False)
    return answered(model, folder / "exported", trust_savedmodel=True)


def pointer(folder: Path) -> Made:
    (folder / "model.h5").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    return Made(path=folder / "model.h5")


RAW = {"what": "distance written in `keras.ops`"}
LAMBDA = {"what": "`Lambda(lambda t: abs(t[0] - t[1]))`"}
NAMED = {"what": "`Lambda(euclidean_distance)`"}
NESTED = {"what": "Lambda over a nested encoder"}
KINDS = (
    Kind(**RAW, saved=".keras", make=saving(lambda: two(zoo.euclidean), "keras"), slow=False),
    Kind(**RAW, saved=".h5", make=saving(lambda: two(zoo.euclidean), "h5"), slow=False),
    Kind(**LAMBDA, saved=".keras", make=saving(lambda: two(absolute), "keras"), slow=False),
    Kind(**LAMBDA, saved=".h5", make=saving(lambda: two(absolute), "h5")),
    Kind(**NAMED, saved=".keras", make=saving(zoo_styles.STYLES["lambda-of-function"].build, "keras")),
    Kind(what="layer class of one's own as head", saved=".keras", make=saving(lambda: two(own_distance), "keras")),
    Kind(what="layer class of one's own as head", saved=".h5", make=saving(lambda: two(own_distance), "h5")),
    Kind(what="triplet with a distance layer of three", saved=".keras", make=saving(own_triplet, "keras"), slow=False),
    Kind(what="Lambda that scales to length 1, in the encoder", saved=".keras",
         make=saving(lambda: two(zoo.euclidean, zoo.normalising_lambda), "keras")),
    Kind(what="other Lambda in the encoder", saved=".keras", option="--replace scale=rescale:1/127.5",
         make=saving(lambda: two(zoo.euclidean, scaled_by_lambda), "keras", replace={"scale": "rescale:1/127.5"})),
    Kind(what="layer class of one's own in the encoder", saved=".keras", option="--custom-objects mine.py",
         make=with_code),
    Kind(what="model class with its own `train_step`", saved=".keras", make=saving(trained_by_itself, "keras")),
    Kind(what="model class whose file names no layers", saved=".keras", option="--custom-objects mine.py",
         make=model_class),
    Kind(what="loss function of one's own", saved=".keras", make=saving(with_own_loss, "keras")),
    Kind(what="pair in one input, sliced", saved=".keras", make=saving(zoo.pair_axis, "keras")),
    Kind(what="pair in one input, `TimeDistributed`", saved=".keras", make=saving(wrapped_tower, "keras")),
    Kind(what="tokens and mask on each side", saved=".keras", make=saving(tokens_and_mask, "keras")),
    Kind(what="LSTM over masked tokens", saved=".h5", make=saving(lambda: zoo.text(layers.LSTM(6)), "h5")),
    Kind(what="text through `TextVectorization`", saved=".keras", make=text_in),
    Kind(what="MobileNetV2 with its preprocessing", saved=".keras", make=saving(zoo.backbone, "keras")),
    Kind(what="label beside the embedding", saved=".keras", make=saving(labelled, "keras")),
    Kind(what="encoder alone", saved=".keras", make=saving(zoo.encoder, "keras")),
    Kind(what="weights alone", saved=".weights.h5", option="--architecture config.json", make=weights_alone),
    Kind(what="unpacked archive", saved="folder", make=unpacked),
    Kind(**NESTED, saved=".h5 of Keras 2", make=of_keras_2("lambda-euclidean.h5"), slow=False),
    Kind(**NESTED, saved=".keras of Keras 2", make=of_keras_2("lambda-euclidean.keras")),
    Kind(**NESTED, saved="SavedModel of Keras 2", make=of_keras_2("lambda-euclidean")),
    Kind(what="distance written in TensorFlow", saved=".h5 of Keras 2", make=of_keras_2("tf-euclidean.h5")),
    Kind(what="`Dot` over a nested encoder", saved=".h5 of Keras 2", make=of_keras_2("dot.h5")),
    Kind(what="towers with weights of their own", saved=".h5 of Keras 2", make=of_keras_2("separate.h5")),
    Kind(what="bidirectional LSTM", saved=".keras of Keras 2", make=of_keras_2("bidirectional.keras")),
    Kind(what="Sequential encoder", saved=".h5 of Keras 2.2 and before", make=bare_list),
    Kind(what="`model.export`", saved="SavedModel of Keras 3", option="--trust-savedmodel", make=exported),
    Kind(what="Git LFS pointer", saved=".h5", make=pointer),
)  # fmt: skip
