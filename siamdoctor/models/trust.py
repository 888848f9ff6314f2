"""Saying that a SavedModel would have to be run, and refusing to without the user's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.errors import UnreadableModel

if TYPE_CHECKING:
    from siamdoctor.models.blueprint import Blueprint
    from siamdoctor.models.program_parts import ProgramParts

TRUST_IT = (
    "If you trust whoever saved it, --trust-savedmodel (or `model: {trust_savedmodel: true}` in siamdoctor.yaml) runs "
    "it. Safer: save the trained model with `model.save('model.keras')`."
)


def why_it_must_be_run(parts: ProgramParts) -> str:
    """What the folder is, in one sentence or two."""
    return (
        f"This SavedModel is a program, exported by TensorFlow {parts.version or 'of some version'}, and holds no "
        "layers that could be read as data. To measure anything it would have to be run, and a program may do anything."
    )


def demand_trust(blueprint: Blueprint) -> None:
    """Refuse to go on with a model that would have to be run, where the user did not ask for that.

    Raises:
        UnreadableModel: it is a program, and it is not trusted; or it is, and its towers cannot be told apart.
    """
    parts = blueprint.program
    if parts is None:
        return
    if not parts.trusted:
        raise UnreadableModel(f"{why_it_must_be_run(parts)} {TRUST_IT} Received: model={blueprint.path}")
    if parts.cut is None:
        reasons = " ".join([*blueprint.unreadable, *blueprint.advice])
        raise UnreadableModel(f"{reasons} Received: model={blueprint.path}, signature={parts.signature}")
