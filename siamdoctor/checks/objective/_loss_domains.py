"""Which loss wants which kind of number, and which head does not give it."""

from __future__ import annotations

from dataclasses import dataclass

from siamdoctor.errors import Unavailable
from siamdoctor.models.blueprint import DISTANCE_HEADS, Blueprint, Head
from siamdoctor.settings import Settings
from siamdoctor.stats.ramps import ramp

CROSS_ENTROPY = frozenset({"binary_crossentropy", "BinaryCrossentropy", "BinaryFocalCrossentropy"})
MEAN_SQUARES = frozenset({"mean_squared_error", "MeanSquaredError", "mse", "MSE"})
UNBOUNDED = frozenset({None, "linear", "relu", "leaky_relu", "elu", "softplus", "selu", "gelu", "silu", "swish"})
RIGHT_WAY = 0.45  # certainty where only the range does not fit: worth a line, not worth failing a build
BOUNDED_BY_ONE = frozenset({"sigmoid", "softmax", "hard_sigmoid", "tanh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """What does not fit, how sure that is, and the corrected lines."""

    sentence: str
    fix: str
    certainty: float
    proof: bool


def loss_in_use(blueprint: Blueprint, settings: Settings) -> str | None:
    """The loss as declared, else the file's; None where there is neither, `Unavailable` for one of no known kind."""
    if settings.training.loss not in {None, "other"}:
        return settings.training.loss
    if blueprint.loss in CROSS_ENTROPY:
        return "binary_crossentropy"
    if blueprint.loss in MEAN_SQUARES:
        return "mse"
    if blueprint.loss is None:
        return None
    if "contrastive" in blueprint.loss.lower():
        return "contrastive"
    raise Unavailable(f"what the loss in the file ({blueprint.loss}) expects is not known (training.loss)")


def find_mismatch(blueprint: Blueprint, settings: Settings, loss: str) -> Mismatch | None:
    """What does not fit between this loss and the head; None where they fit."""
    head = blueprint.head
    if loss == "binary_crossentropy":
        return _under_cross_entropy(blueprint, settings, head)
    if loss == "mse" and head.kind in DISTANCE_HEADS and settings.training.same_label != 0:
        raise Unavailable(
            "squared errors suit a distance where label 1 means different, which is not declared (training.same_label)"
        )
    margin = settings.training.margin
    ends_at_one = head.learned and head.activation in BOUNDED_BY_ONE
    if loss == "contrastive" and ends_at_one and margin is not None and margin > 1:
        return Mismatch(
            sentence=f"Contrastive loss with margin {margin:g} is given a {head.activation}, which ends at 1: "
            "no different pair can ever satisfy it.",
            fix="Give contrastive loss the distance itself, and train again:\n"
            "    model = keras.Model([left, right], distance)   # no Dense(1, activation='sigmoid') behind it",
            certainty=ramp(margin, clear=1.0, sure=1.5),
            proof=True,
        )
    return None


def _under_cross_entropy(blueprint: Blueprint, settings: Settings, head: Head) -> Mismatch | None:
    """A distance, or a cosine, or a unit without a sigmoid, where a probability is expected."""
    if blueprint.loss_from_logits:
        return None
    fix = (
        "Let a sigmoid turn the distance into a probability, and train again:\n"
        "    output = keras.layers.Dense(1, activation='sigmoid')(distance)"
    )
    if head.kind in DISTANCE_HEADS or head.kind == "cosine_similarity":
        cosine = head.kind == "cosine_similarity"
        what = "a cosine between -1 and 1" if cosine else "a raw distance"
        # A cosine, and a distance with label 1 = different, point the right way and merely leave the range.
        right_way = cosine or settings.training.same_label == 0
        return Mismatch(
            sentence=f"Binary cross-entropy is given {what} where it expects the probability of label 1.",
            fix=fix,
            certainty=RIGHT_WAY if right_way else 1.0,
            proof=not right_way,
        )
    if head.learned and head.units == 1 and head.activation in UNBOUNDED:
        # Without the file's own word, a loss made with from_logits=True cannot be ruled out.
        known = blueprint.loss in CROSS_ENTROPY or head.activation == "relu"
        return Mismatch(
            sentence=f"Binary cross-entropy is given a unit with activation {head.activation or 'linear'}; "
            "what lies outside 0 to 1 is clipped and has no gradient.",
            fix="End in a sigmoid, or say that these are logits, and train again:\n"
            "    output = keras.layers.Dense(1, activation='sigmoid')(x)\n"
            "    model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))   # instead of that",
            certainty=1.0 if known else 0.4,
            proof=known,
        )
    return None


def described(head: Head) -> str:
    """The head as a line of code would show it."""
    units = f"Dense({head.units}, {head.activation or 'linear'})"
    return f"{head.merge} + {units}" if head.learned and head.merge else units if head.learned else head.kind


def wanted(loss: str) -> str:
    """What a loss expects of the head."""
    return {
        "binary_crossentropy": "a sigmoid",
        "contrastive": "a distance",
        "triplet": "embeddings",
        "mse": "a number between 0 and 1",
    }.get(loss, "what the loss expects")
