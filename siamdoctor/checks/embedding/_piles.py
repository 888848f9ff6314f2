"""Units of an encoder that pile up at an end of their range, which saturation and collapse have in common."""

from __future__ import annotations

from dataclasses import dataclass

from siamdoctor.case import Case
from siamdoctor.results import Measurement
from siamdoctor.stats.ramps import ramp

ENDS = (0.01, 0.99)
RANGE = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
CONSTANT = 0.99  # a unit that is at one end for so many samples says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """How sure it is that something is piled up to its harm, and the numbers."""

    certainty: float
    sentence: str
    rows: tuple[Measurement, ...]


def units_at_an_end(case: Case) -> Pile | None:
    """Units of the embedding, or else of a layer before it, at the ends of their range."""
    embedding, hidden = _embedding_at_an_end(case), _hidden_at_an_end(case)
    return max((p for p in (embedding, hidden) if p is not None), key=lambda p: p.certainty, default=None)


def _hidden_at_an_end(case: Case) -> Pile | None:
    """The layer before the embedding that has most values at an end; raw pixels drive a first sigmoid there."""
    layers = case.twin.hidden_layers(case.inputs)
    shares = {}
    for layer in layers:
        low, high = RANGE[layer.activation]
        part = (layer.values - low) / (high - low)
        shares[layer.name] = float(((part < ENDS[0]) | (part > ENDS[1])).mean())
    if not shares:
        return None
    name = max(shares, key=lambda n: shares[n])
    best = case.trial("metric").auc
    return Pile(
        certainty=ramp(shares[name], clear=0.7, sure=0.9) * ramp(best, clear=0.72, sure=0.64),
        sentence=f"{100 * shares[name]:.0f} % of the values of layer {name!r} stand at an end of their range, where no "
        "gradient passes.",
        rows=(
            Measurement(
                name=f"share of values of {name!r} beyond .01 and .99", value=shares[name], expected="below 0.7"
            ),
            Measurement(name="best AUC by any metric", value=best, expected="above 0.9"),
        ),
    )


def _embedding_at_an_end(case: Case) -> Pile | None:
    """Units at one end for all samples, in an embedding that does not separate."""
    bounds = RANGE.get(case.encoder.activation)
    if bounds is None or case.encoder.unit_norm:
        return None
    share_of_range = (case.embeddings - bounds[0]) / (bounds[1] - bounds[0])
    low, high = share_of_range < ENDS[0], share_of_range > ENDS[1]
    stuck = float(((low.mean(0) > CONSTANT) | (high.mean(0) > CONSTANT)).mean())
    saturated = float((low | high).mean())
    best = case.trial("metric").auc
    still = ramp(saturated, clear=0.8, sure=0.97) * ramp(stuck, clear=0.5, sure=0.9) * ramp(best, clear=0.9, sure=0.8)
    # Units that jump from end to end pass no gradient either; only an embedding that tells little shows that it hurt.
    jumping = ramp(saturated, clear=0.7, sure=0.85) * ramp(best, clear=0.72, sure=0.64)
    return Pile(
        certainty=max(still, jumping),
        sentence=(
            f"{100 * stuck:.0f} % of the embedding's units stand at one end of their range for every sample."
            if still >= jumping
            else f"{100 * saturated:.0f} % of the embedding's values stand at one end of their range or the other, "
            "where no gradient passes."
        ),
        rows=(
            Measurement(name="share of embedding values beyond .01 and .99", value=saturated, expected="below 0.8"),
            Measurement(name="share of units at one end for every sample", value=stuck, expected="below 0.5"),
            Measurement(name="best AUC by any metric", value=best, expected="above 0.9"),
        ),
    )
