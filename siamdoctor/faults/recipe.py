"""How a patient is made, step by step, as plain values: a fault is a function from recipe to recipe.

Nothing here computes. The plans follow the order in which a user makes the decisions: which images, which
pairs, which encoder, which head, which loss, which scaling, and finally how a pair is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from siamdoctor.results import Json
from siamdoctor.settings import LossName, MetricName


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPlan:
    """Which samples train the network and which ones examine it.

    unseen: validation identities are strangers to the training; otherwise fresh samples of known ones.
    identities, per_identity: upper limits, None = all there are.
    augmentation: variation drawn anew for every training sample, as ImageDataGenerator keywords.
    field_variation: variation that the validation images show, as pictures from real use do.
    leaked: share of the validation samples that are copies of training samples.
    blank: share of all samples that are blank (a failed download, a black frame).
    """

    dataset: str
    source: str | None = None
    unseen: bool = False
    train_identities: int | None = None
    train_per_identity: int | None = 100
    validation_identities: int | None = None
    validation_per_identity: int | None = 60
    augmentation: Mapping[str, float] = field(default_factory=dict)
    field_variation: Mapping[str, float] = field(default_factory=dict)
    leaked: float = 0.0
    blank: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPlan:
    """How training pairs are drawn and labelled.

    same_label: the label that the user gives to a pair of the same identity.
    positives: "distinct" never pairs a sample with itself, "any" may, "identical" always does.
    negatives: "strangers" are of two identities; "anyone" is any two samples, labelled different unseen.
    labels: "right", or "shuffled" where pairs and labels were put into order separately.
    """

    count: int = 4000
    positive_share: float = 0.5
    same_label: Literal[0, 1] = 1
    positives: Literal["distinct", "any", "identical"] = "distinct"
    negatives: Literal["strangers", "anyone"] = "strangers"
    labels: Literal["right", "shuffled"] = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderPlan:
    """The network that turns a sample into an embedding.

    units: widths of the hidden layers (filters where the body is convolutional).
    momentum: of BatchNormalization, which stands before each hidden activation where `batch_norm`.
    rescaling: (scale, offset) of a Rescaling layer inside the model, or None.
    over_batch: scales each embedding column to length 1 over the batch, where each row was meant.
    trainable: False leaves the encoder as it was initialised.
    """

    body: Literal["dense", "conv"] = "dense"
    units: tuple[int, ...] = (64, 32)
    dimension: int = 16
    activation: str = "relu"
    embedding_activation: str = "linear"
    batch_norm: bool = False
    momentum: float = 0.9
    dropout: float = 0.0
    unit_norm: bool = False
    rescaling: tuple[float, float] | None = None
    trainable: bool = True
    over_batch: bool = False
    sequential: bool = False


HeadName = Literal[
    "none",
    "euclidean-layer",
    "euclidean-lambda",
    "euclidean-ops",
    "cosine-distance",
    "cosine-similarity",
    "exp-manhattan",
    "absolute-difference",
    "concatenation",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadPlan:
    """What two embeddings go through.

    epsilon: floor below the square root; 0 is the textbook formula that divides by zero at equal inputs.
    hidden: widths of Dense layers between the merge and the output.
    output: activation of a final Dense, or None where the comparison itself is the output.
    classes: units of that Dense; 2 is a classifier of "different" and "same".
    slope: initial weight of a Dense(1). On one distance a random sign is a trap: where it is wrong, the
        encoder learns to push the same identity apart before the weight has crossed zero.
    batch_norm: BatchNormalization before that Dense.
    towers: "shared" calls one encoder twice, "separate" trains two, "same-input" feeds the left image to both.
    flat: the shared layers stand in the model itself instead of in a nested encoder.
    """

    name: HeadName = "euclidean-layer"
    epsilon: float = 1e-7
    hidden: tuple[int, ...] = ()
    output: str | None = None
    classes: Literal[1, 2] = 1
    slope: float | None = None
    batch_norm: bool = False
    towers: Literal["shared", "separate", "same-input"] = "shared"
    flat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """Loss and optimiser. `similar_is`: the label for which the contrastive loss pulls a pair together."""

    loss: LossName = "contrastive"
    margin: float = 1.0
    similar_is: Literal[0, 1] = 1
    mining: Literal["semi-hard", "hardest", "all"] = "all"
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: float = 2e-3
    epochs: int = 12
    batch: int = 64
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """x * scale + offset."""

    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """How the user turns a pair into same or different once the model is saved.

    trained_on: scaling in front of the model while it was trained, and while a threshold was chosen.
    rescale: factor in front of the model in use (None: pixels go in as they are stored).
    metric: distance between embeddings, None = the model's own output is the score.
    threshold: None = chosen on validation pairs, as one should.
    high_is_same: reads a high score as "same"; None = as the score is meant.
    batch: how many pairs are judged in one call.
    declare_decision: whether siamdoctor.yaml states it.
    declared_same_label: what the user believes the label of a same-class pair to be, where that is wrong.
    declared_augmentation: what siamdoctor.yaml says of it, where that is not what the plan for data does.
    """

    trained_on: Scaling = Scaling(scale=1 / 255)
    rescale: float | None = 1 / 255
    metric: MetricName | None = None
    threshold: float | None = None
    high_is_same: bool | None = None
    batch: int = 512
    declare_decision: bool = True
    declared_same_label: Literal[0, 1] | None = None
    declared_augmentation: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that distinguishes one patient from another."""

    style: str
    seed: int
    data: DataPlan
    pairs: PairPlan = PairPlan()
    encoder: EncoderPlan = EncoderPlan()
    head: HeadPlan = HeadPlan()
    training: TrainingPlan = TrainingPlan()
    deployment: Deployment = Deployment()
