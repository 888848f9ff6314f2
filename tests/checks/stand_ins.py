"""A case without Keras: invented samples, and a twin whose encoder and head are functions of numpy arrays."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from scipy.special import expit
from siamdoctor.case import Case
from siamdoctor.data.samples import GivenPairs, Samples
from siamdoctor.errors import Unavailable, UnreadableData
from siamdoctor.models.blueprint import Blueprint, Encoder, Head, LayerNote
from siamdoctor.registry import find
from siamdoctor.settings import DataSettings, DecisionSettings, Settings, TrainingSettings

DISTANCE = {
    "euclidean": lambda a, b: np.sqrt(np.maximum(((a - b) ** 2).sum(1), 1e-7)),
    "cosine_similarity": lambda a, b: (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)),
    "exp_manhattan": lambda a, b: np.exp(-np.abs(a - b).sum(1)),
}


class StandInTwin:
    """What `runtime.Twin` offers, with functions in place of networks."""

    def __init__(self, blueprint, embed, compare, fresh=None):
        self.blueprint = blueprint
        self._embed, self._compare, self._fresh = embed, compare, fresh
        self.can_compare = compare is not None
        self.second_encoder = embed if blueprint.twins == "separate" else None

    def embed(self, x, *, side=0, training=False, batch_size=256):
        del side, training
        parts = [self._embed(x[i : i + batch_size]) for i in range(0, len(x), batch_size)]
        return np.concatenate(parts).astype(np.float32)

    def compare(self, left, right):
        if self._compare is None:
            raise Unavailable("the model's own comparison of embeddings is not in the file or not readable")
        if self.blueprint.same_input_twice:
            right = left
        return self._compare(left, right).astype(np.float32)

    def predict(self, left, right, *, batch_size=256):
        starts = range(0, len(left), batch_size)
        return np.concatenate(
            [
                self.compare(
                    self.embed(left[i : i + batch_size], batch_size=batch_size),
                    self.embed(right[i : i + batch_size], batch_size=batch_size),
                )
                for i in starts
            ]
        )

    def statistics_moved(self, fresh):
        del fresh
        return 0.0

    def hidden_layers(self, x):
        del x
        return ()

    def reinitialised(self, seed):
        if self._fresh is not None:
            return StandInTwin(self.blueprint, self._fresh(seed), self._compare)
        dimension = self.blueprint.encoder.dimension

        def embed(x):
            flat = x.reshape(len(x), -1)
            weights = np.random.default_rng(seed).normal(size=(flat.shape[1], dimension))
            return flat @ weights / np.sqrt(flat.shape[1])

        return StandInTwin(self.blueprint, embed, self._compare)


def encoder(shape=(8,), dimension=8, **changes):
    plain = Encoder(
        name="encoder",
        input_shape=shape,
        dimension=dimension,
        layers=(),
        activation="linear",
        unit_norm=False,
        has_batch_norm=False,
        has_rescaling=False,
    )
    return dataclasses.replace(plain, **changes)


def head(kind="euclidean", *, merge=None, units=None, activation=None, layers=()):
    return Head(
        kind=kind, merge=merge, units=units, activation=activation, recognised_by="layers", layers=tuple(layers)
    )


def dense(name, units, activation):
    return LayerNote(name=name, class_name="Dense", units=units, activation=activation)


def learned(merge="absolute_difference", activation="sigmoid", *, units=1, hidden=()):
    layers = [dense(f"hidden_{i}", 16, a) for i, a in enumerate(hidden)] + [dense("output", units, activation)]
    return head("learned", merge=merge, units=units, activation=activation, layers=layers)


def blueprint(*, head=None, encoder=None, **changes):
    plain = Blueprint(
        path=Path("model.keras"),
        format="keras",
        keras_version="3.15.1",
        twins="shared",
        encoder=encoder,
        second_encoder=None,
        head=head or Head(kind="none", merge=None, units=None, activation=None, recognised_by="absent"),
        inputs=(),
        outputs=1,
        ignored_inputs=(),
        same_input_twice=False,
        batch_coupled=(),
        loss=None,
        loss_from_logits=False,
        metrics=(),
        optimizer=None,
        learning_rate=None,
        lambdas=(),
        weights=(),
        unreadable=(),
        advice=(),
        assumed=(),
    )
    return dataclasses.replace(plain, **changes)


def clouds(identities=10, each=20, *, dimension=8, noise=0.3, seed=0, scatter=1.0):
    """Samples (n, dimension) around one centre an identity, and the identity of each."""
    rng = np.random.default_rng(seed)
    centres = scatter * rng.normal(size=(identities, dimension))
    identity = np.repeat(np.arange(identities), each)
    return (centres[identity] + noise * rng.normal(size=(identity.size, dimension))).astype(np.float32), identity


def samples(x, identity, *, kind="arrays", pairs=None, names=None, identity_known=True, unreadable=()):
    x = np.asarray(x, dtype=np.float32)
    names = names or tuple(f"id{i}" for i in range(int(identity.max()) + 1))

    def load(indices, shape):
        if np.prod(shape) != np.prod(x.shape[1:]):
            raise UnreadableData(f"The samples do not have this shape. Received: shape={shape}")
        return x[indices].reshape(len(indices), *shape).copy()

    return Samples(
        path=Path("data"),
        format="invented",
        kind=kind,
        names=tuple(f"sample {i}" for i in range(len(x))),
        identity=np.asarray(identity, dtype=np.int64),
        identity_names=names,
        stored_scale=float(np.nanmax(np.abs(x))),
        load=load,
        digest=lambda indices: tuple(x[i].tobytes().hex() for i in indices),
        thumbnail=lambda _: b"",
        unreadable=lambda: unreadable,
        pairs=pairs,
        sample_shape=x.shape[1:],
        identity_known=identity_known,
    )


def given(left, right, same):
    return GivenPairs(
        left=np.asarray(left, dtype=np.int64),
        right=np.asarray(right, dtype=np.int64),
        same=np.asarray(same, dtype=bool),
    )


def settings(*, loss=None, margin=None, same_label=None, history=None, threshold=None, metric=None, seed=0, **more):
    return Settings(
        data=DataSettings(rescale=1.0, pairs=more.pop("pairs", 1000)),
        training=TrainingSettings(loss=loss, margin=margin, same_label=same_label, history=history, **more),
        decision=DecisionSettings(metric=metric, threshold=threshold),
        seed=seed,
    )


def case(data, *, head=None, embed=None, compare=None, facts=None, training=None, fresh=None, **changes):
    """A case over `data` whose encoder is `embed` (the identity map where none is given).

    compare: the head; it follows from the kind of a distance head.
    facts: settings. training: samples. changes: of the blueprint; `encoder` may be given among them.
    """
    embed = embed or (lambda x: x.reshape(len(x), -1))
    shape = data.sample_shape
    probe = embed(np.zeros((2, *shape), np.float32))
    described = changes.pop("encoder", None) or encoder(shape, int(probe.shape[1]))
    plan = blueprint(head=head, encoder=described, **changes)
    if compare is None and head is not None:
        compare = DISTANCE.get(head.kind)
    twin = StandInTwin(plan, embed, compare, fresh)
    return Case(
        blueprint=plan,
        samples=data,
        training_samples=training,
        settings=facts or settings(),
        load_twin=lambda _: twin,
    )


def history(path, **columns):
    """A CSVLogger file with these columns."""
    names = ["epoch", *columns]
    lines = [",".join(names)]
    lines += [",".join(map(str, [i, *row])) for i, row in enumerate(zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def evidence(name, patient):
    return find(name).run(patient)


def a_comparison(left, right):
    return expit(4 - 2 * np.abs(left - right).sum(1))


def pictures(identities=6, each=24, *, seed=0):
    """Blurred random pictures (n, 8, 8, 1) on 0..255, alike within an identity."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(identities), each)
    coarse = rng.uniform(40, 215, size=(identities, 4, 4))
    fine = np.kron(coarse, np.ones((2, 2)))[who] + 12 * rng.normal(size=(who.size, 8, 8))
    return np.clip(fine, 0, 255)[..., None].astype(np.float32), who
