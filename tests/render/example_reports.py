"""Literal reports that the renderers' and the command line's tests share."""

from __future__ import annotations

import dataclasses
import io
import math
import random

from PIL import Image
from siamdoctor.results import (
    Accuracy,
    Attainable,
    Cause,
    CheckResult,
    Curve,
    Evidence,
    HistoryColumn,
    Interval,
    Level,
    MarginPoint,
    Measurement,
    Mistake,
    Pictures,
    Recovery,
    Report,
    Subject,
    TransformDrift,
)

SUBJECT = Subject(
    model="runs/[bold]signatures.keras",
    data="data/val",
    format="keras 3 archive",
    twins="shared",
    encoder="encoder",
    head="learned: absolute difference, Dense(1, softmax)",
    inputs=("left (28, 28, 1)", "right (28, 28, 1)"),
    loss="binary_crossentropy",
    samples=400,
    identities=20,
)
SOFTMAX = Cause(
    rank=1,
    id="single-unit-softmax",
    code="SD204",
    level=Level.PROVEN,
    probability=0.98,
    title="A softmax over a single unit",
    summary="The last layer `decision` is a softmax over one unit, so every prediction is exactly 1.",
    fix=(
        "Replace the softmax by a sigmoid; the trained weights stay valid.\n\n"
        "```python\n"
        'outputs = Dense(1, activation="sigmoid", name="decision")(merged)\n'
        "model = Model(inputs=[left, right], outputs=outputs)\n"
        "```\n\n"
        "Then tune the threshold on pairs that you do not report."
    ),
    recovers=Recovery(points=42.0, low=35.2, high=48.1),
    evidence=(
        Measurement(name="share of predictions equal to 1", value=1.0, expected="below 0.9"),
        Measurement(name="AUC of the logits", value=0.969, low=0.951, high=0.983, expected="above 0.5"),
        Measurement(name="activation of the last layer", value="softmax", expected="sigmoid"),
    ),
    explained_by=None,
)
THRESHOLD = Cause(
    rank=2,
    id="wrong-threshold",
    code="SD102",
    level=Level.LIKELY,
    probability=0.7,
    title="A threshold far from the best one",
    summary="All predictions fall on one side of 0.5.",
    fix="- choose the threshold on one half of the pairs\n- report the other half",
    recovers=None,
    evidence=(Measurement(name="predicted share of same", value=1.0, expected="near 0.5"),),
    explained_by="single-unit-softmax",
)
FEW = Cause(
    rank=3,
    id="too-few-identities",
    code="SD404",
    level=Level.POSSIBLE,
    probability=None,
    title="Too few identities to generalise",
    summary="20 identities <b>took part</b>.",
    fix="Collect more identities.",
    recovers=Recovery(points=2.5, low=-1.0, high=6.0),
    evidence=(),
    explained_by=None,
)
CHECKS = (
    CheckResult(
        id="single-unit-softmax",
        code="SD204",
        status="found",
        seconds=0.21,
        evidence=Evidence(
            certainty=1.0,
            summary=SOFTMAX.summary,
            fix=SOFTMAX.fix,
            measurements=SOFTMAX.evidence,
            recovers=SOFTMAX.recovers,
            proof=True,
        ),
    ),
    CheckResult(id="wrong-threshold", code="SD102", status="found", seconds=0.1),
    CheckResult(id="too-few-identities", code="SD404", status="found", seconds=0.05),
    CheckResult(
        id="collapsed-embedding",
        code="SD301",
        status="clear",
        seconds=0.02,
        evidence=Evidence(
            certainty=0.0,
            summary="Embeddings spread over 11.2 dimensions.",
            fix="Nothing to do.",
            measurements=(Measurement(name="effective rank", value=11.2, expected="above 3"),),
        ),
    ),
    CheckResult(
        id="leaky-evaluation",
        code="SD104",
        status="skipped",
        seconds=0.0,
        reason="no training data is declared (data.train in siamdoctor.yaml)",
    ),
)
ILL = Report(
    siamdoctor_version="0.1.0",
    subject=SUBJECT,
    verdict="chance",
    headline="Every pair is called the same: a softmax over one unit can say nothing else.",
    accuracy=Accuracy(value=0.5, low=0.48, high=0.52, chance=0.5, pairs=2000, identities=20),
    attainable=Attainable(value=0.92, low=0.89, high=0.95, by="single-unit-softmax"),
    causes=(SOFTMAX, THRESHOLD, FEW),
    checks=CHECKS,
    assumed=("Pixels reach the model on their stored scale (data.rescale is not declared).",),
    warnings=("2 images could not be decoded and were left out: a.png, b.png",),
)
HEALTHY = dataclasses.replace(
    ILL,
    verdict="healthy",
    headline="Nothing wrong: the model tells identities apart.",
    accuracy=Accuracy(value=0.93, low=0.9, high=0.95, chance=0.5, pairs=2000, identities=20),
    attainable=None,
    causes=(),
    checks=tuple(dataclasses.replace(c, status="clear") if c.status == "found" else c for c in CHECKS),
    assumed=(),
    warnings=(),
)
UNJUDGED = dataclasses.replace(
    HEALTHY,
    verdict="inconclusive",
    headline="4 identities are too few to tell 50 % from 60 %; 24 would be enough.",
    accuracy=None,
)
CRASHED = dataclasses.replace(
    ILL,
    checks=(
        *CHECKS,
        CheckResult(
            id="narrow-embedding",
            code="SD304",
            status="crashed",
            seconds=0.1,
            reason="ValueError: <oops> & ]]>",
        ),
    ),
)


def with_pictures(report: Report = ILL, *, seed: int = 0) -> Report:
    """The report with every picture filled in, from a seeded generator."""
    draw = random.Random(seed)  # noqa: S311  (pictures for a test, no secret)
    positives = tuple(abs(draw.gauss(0.6, 0.25)) for _ in range(500))
    negatives = tuple(abs(draw.gauss(1.4, 0.4)) for _ in range(500))
    steps = tuple(i / 50 for i in range(51))
    names = tuple(f"writer {i % 8:02d}" for i in range(240))
    centres = [(draw.uniform(-4, 4), draw.uniform(-4, 4)) for _ in range(8)]
    return dataclasses.replace(
        report,
        pictures=Pictures(
            positives=positives,
            negatives=negatives,
            threshold=0.2,
            best=0.98,
            roc=Curve(x=steps, y=tuple(s**0.3 for s in steps)),
            accuracy_by_threshold=Curve(
                x=tuple(2.5 * s for s in steps),
                y=tuple(0.5 + 0.42 * math.exp(-(((2.5 * s - 0.98) / 0.5) ** 2)) for s in steps),
            ),
            embedding_map=tuple(
                (centres[i % 8][0] + draw.gauss(0, 0.6), centres[i % 8][1] + draw.gauss(0, 0.6)) for i in range(240)
            ),
            map_identities=names,
            invariance=tuple(
                TransformDrift(name=name, strength=s, drift=s * slope, tolerance=0.5)
                for name, slope in (("rotation", 0.03), ("shear", 0.01), ("width shift", 0.02))
                for s in (5.0, 10.0, 20.0, 40.0)
            ),
            margins=tuple(
                MarginPoint(
                    margin=m,
                    accuracy=Interval(
                        value=0.9 - abs(m - 1) / 5, low=0.85 - abs(m - 1) / 5, high=0.95 - abs(m - 1) / 5
                    ),
                    auc=0.95,
                    active=min(1.0, m / 2),
                )
                for m in (0.1, 0.25, 0.5, 1.0, 2.0)
            ),
            mistakes=tuple(
                Mistake(
                    kind="false match" if i % 2 else "false non-match",
                    left=f"writer{i}/<a>.png",
                    right=f"writer{i + i % 2}/b.png",
                    distance=0.1 + i / 4,
                    left_png=png(40 * i),
                    right_png=png(255 - 40 * i),
                )
                for i in range(6)
            ),
            history=(
                HistoryColumn(name="loss", values=tuple(0.69 * 0.93**e for e in range(30))),
                HistoryColumn(name="val_loss", values=tuple(0.7 * 0.95**e + 0.05 for e in range(30))),
                HistoryColumn(name="val_accuracy", values=tuple(0.5 + 0.001 * e for e in range(30))),
            ),
        ),
    )


def png(grey: int) -> bytes:
    """A small PNG file of one grey."""
    file = io.BytesIO()
    Image.new("L", (48, 48), max(0, min(255, grey))).save(file, "PNG")
    return file.getvalue()
