"""How the user turns a pair into "same" or "different": the rule whose accuracy is shown as 50 %."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from siamdoctor.data.history import read_history
from siamdoctor.models.blueprint import DISTANCE_HEADS, SIMILARITY_HEADS, Blueprint, Head
from siamdoctor.models.compiled import ACCURACY
from siamdoctor.settings import Settings

# What Keras calls its thresholded accuracies; all of them read "above one half" as label 1.
KERAS_ACCURACY = frozenset({"accuracy", "acc", "binary_accuracy", "BinaryAccuracy", "compile_metrics"})
METRIC_OF_HEAD = {
    "euclidean": "euclidean",
    "squared_euclidean": "squared_euclidean",
    "manhattan": "manhattan",
    "exp_manhattan": "manhattan",
    "cosine_distance": "cosine",
    "cosine_similarity": "cosine",
    "dot": "dot",
}
CUSTOMARY = 0.5
REVERSED = 0.4  # an accuracy shown below this is no chance level


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A pair is "same" where its score lies below the threshold (or above it, where not `same_below`).

    source: "output" = the model's output, "embedding" = a metric between two embeddings.
    metric: name of the metric, or "output" for a learned head.
    threshold: None where the user declared none and nothing implies one; it is then tuned.
    near_is_low: whether a low score means alike by the nature of the score; None for a learned head whose
        label convention is unknown. An inverted metric is `same_below != near_is_low`.
    """

    source: Literal["output", "embedding"]
    metric: str
    threshold: float | None
    same_below: bool
    near_is_low: bool
    origin: Literal["declared", "learned head", "compiled accuracy", "accuracy of unknown origin", "undeclared"]
    assumed: tuple[str, ...] = ()

    @property
    def inverted(self) -> bool:
        """Whether the rule reads the score against its nature."""
        return self.same_below != self.near_is_low


def deployed_rule(blueprint: Blueprint, settings: Settings, *, comparable: bool) -> Rule:
    """The rule that the settings declare, or else what the head and the compiled metrics imply.

    Args:
        blueprint: the model file, explained.
        settings: the declared facts.
        comparable: whether the head can be run; without it embeddings are compared.
    """
    head, decision = blueprint.head, settings.decision
    declared_elsewhere = decision.metric is not None and not _same_score(head, decision.metric)
    if not comparable or head.kind == "none" or declared_elsewhere:
        left_out = blueprint.encoder.left_out if blueprint.encoder is not None else ()
        return _embedding_rule(settings, head, left_out)
    if head.kind in DISTANCE_HEADS:
        return _distance_rule(blueprint, settings)
    if head.kind in SIMILARITY_HEADS:
        return _similarity_rule(head, settings)
    return _learned_rule(blueprint, settings)


def _same_score(head: Head, metric: str) -> bool:
    """Whether the declared metric is what the head puts out (or what its learned output is built on)."""
    return METRIC_OF_HEAD.get(head.kind) == metric or (head.learned and (head.merge or "").startswith(metric))


def _embedding_rule(settings: Settings, head: Head, left_out: tuple[str, ...]) -> Rule:
    """Embeddings compared by the declared metric, Euclidean where none is declared.

    A declared threshold is one on embeddings after the layers that were left out, and says nothing of those before.
    """
    decision = settings.decision
    threshold = None if left_out else decision.threshold
    metric = decision.metric or METRIC_OF_HEAD.get(head.kind, "euclidean")
    assumed = [] if decision.metric else [f"embeddings are compared by {metric} distance (no decision.metric declared)"]
    if left_out and decision.threshold is not None:
        assumed.append(
            f"decision.threshold is meant for what layer {left_out[0]!r} makes of the embeddings, which was left out: "
            "a threshold tuned on the other half is used"
        )
    elif threshold is None:
        assumed.append("no decision.threshold is declared: a threshold tuned on the other half is used")
    elif metric == "cosine":
        assumed.append("decision.threshold is on the cosine distance, 1 - cosine similarity")
    low = metric != "dot"
    return Rule(
        source="embedding",
        metric=metric,
        threshold=threshold,
        same_below=low,
        near_is_low=low,
        origin="undeclared" if threshold is None else "declared",
        assumed=tuple(assumed),
    )


def _distance_rule(blueprint: Blueprint, settings: Settings) -> Rule:
    """A distance output: below the threshold is the same, unless Keras' own accuracy is all there is."""
    metric, threshold = METRIC_OF_HEAD[blueprint.head.kind], settings.decision.threshold
    declared = threshold is not None or settings.decision.metric is not None
    keras_reads = not declared and bool(KERAS_ACCURACY & set(blueprint.metrics))
    if keras_reads and _surely_of_keras(blueprint, settings):
        return _compiled_rule(metric, settings.training.same_label)
    assumed = []
    if keras_reads:
        assumed.append(
            "the model's `accuracy` is a function of your own that reads the distance rightly: this kind of file does "
            "not tell it from Keras' (training.history or decision.threshold does)"
        )
    if threshold is None:
        assumed.append("no decision.threshold is declared: a threshold tuned on the other half is used")
    origin: Literal["declared", "undeclared", "accuracy of unknown origin"] = "declared"
    if threshold is None:
        origin = "accuracy of unknown origin" if keras_reads else "undeclared"
    return Rule(
        source="output",
        metric=metric,
        threshold=threshold,
        same_below=True,
        near_is_low=True,
        origin=origin,
        assumed=tuple(assumed),
    )


def _compiled_rule(metric: str, same_label: int | None) -> Rule:
    """What Keras' own accuracy makes of a distance: above one half is label 1."""
    assumed = (
        "the accuracy looked at is Keras' compiled `accuracy`, which reads output > 0.5 as label 1"
        + ("" if same_label is not None else ", and label 1 is a same-class pair (no training.same_label declared)"),
    )
    return Rule(
        source="output",
        metric=metric,
        threshold=CUSTOMARY,
        same_below=same_label == 0,
        near_is_low=True,
        origin="compiled accuracy",
        assumed=assumed,
    )


def _surely_of_keras(blueprint: Blueprint, settings: Settings) -> bool:
    """Whether `accuracy` is Keras' own, or as good for the labels; a history that shows it reversed tells as well."""
    elsewhere = KERAS_ACCURACY - ACCURACY
    if not blueprint.accuracy_may_be_own or settings.training.same_label == 0 or elsewhere & set(blueprint.metrics):
        return True
    history = settings.training.history
    shown = None if history is None else read_history(history).shown_accuracy()
    return shown is not None and shown < REVERSED


def _similarity_rule(head: Head, settings: Settings) -> Rule:
    """A similarity output: above the threshold is the same."""
    threshold = settings.decision.threshold
    assumed = ["decision.threshold is on the model's own output, a similarity"] if threshold is not None else []
    if threshold is None and head.kind == "exp_manhattan":
        threshold = CUSTOMARY
        assumed = ["a pair counts as the same where the output exceeds 0.5 (no decision.threshold declared)"]
    elif threshold is None:
        assumed = ["no decision.threshold is declared: a threshold tuned on the other half is used"]
    return Rule(
        source="output",
        metric=METRIC_OF_HEAD[head.kind],
        threshold=threshold,
        same_below=False,
        near_is_low=False,
        origin="declared" if settings.decision.threshold is not None else "undeclared",
        assumed=tuple(assumed),
    )


def _learned_rule(blueprint: Blueprint, settings: Settings) -> Rule:
    """A learned output is the label itself: above one half (or logit 0) is label 1."""
    threshold, same_label = settings.decision.threshold, settings.training.same_label
    assumed = []
    if same_label is None:
        assumed.append("label 1 is a same-class pair (no training.same_label declared)")
    if threshold is None:
        logits = blueprint.loss_from_logits and blueprint.head.activation in {None, "linear"}
        threshold = 0.0 if logits else CUSTOMARY
        assumed.append(
            f"a pair counts as label 1 where the output exceeds {threshold:g} (no decision.threshold declared)"
        )
    return Rule(
        source="output",
        metric="output",
        threshold=threshold,
        same_below=same_label == 0,
        near_is_low=same_label == 0,
        origin="learned head",
        assumed=tuple(assumed),
    )
