"""Facts about a run that a saved model cannot hold, and settings, read from `siamdoctor.yaml`.

Every section is a frozen dataclass; the YAML keys are its field names and nothing else is accepted. What a
value must be beyond its type is demanded where the section is made, so also of the command line's values.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from siamdoctor.bar import FailOn
from siamdoctor.errors import BadSettings
from siamdoctor.results import Json
from siamdoctor.typed_yaml import FUNCTION, read_yaml_as

LossName = Literal["contrastive", "triplet", "binary_crossentropy", "mse", "other"]
MetricName = Literal["euclidean", "squared_euclidean", "cosine", "manhattan", "dot"]
FILE_NAME = "siamdoctor.yaml"


def _demand(*, holds: bool, name: str, wanted: str, value: object) -> None:
    if not holds:
        raise BadSettings(f"{name} must be {wanted}. Received: {name}={value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Where the model is, and what its file does not say.

    encoder: layer name when it cannot be found. custom_objects: module or file whose classes may be used
    (runs the user's code). replace: what stands in for a Lambda inside the encoder, by layer name.
    architecture: config.json or module:function for weights-only files. trust_savedmodel: whether the program in a
    SavedModel that holds no layers may be run.
    """

    path: Path | None = None
    encoder: str | None = None
    custom_objects: str | None = field(default=None, metadata={"code": True})
    architecture: str | None = field(default=None, metadata={"code": True})
    trust_savedmodel: bool = False
    replace: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """Where the data are and how the user's pipeline prepares them for the model.

    rescale: what pixels are multiplied by. vocabulary: file with the numbers of words, where data are texts and the
    model does not hold them. padding, truncating: at which end texts are filled up with zeros, or cut.
    """

    path: Path | None = None
    train: Path | None = None
    rescale: float | None = None
    pairs: int = 2000
    vocabulary: Path | None = None
    padding: Literal["pre", "post"] | None = None
    truncating: Literal["pre", "post"] | None = None

    def __post_init__(self) -> None:
        """Refuse a scaling that loses the data, and too few pairs to hold both kinds."""
        usable = self.rescale is None or (math.isfinite(self.rescale) and self.rescale != 0)
        _demand(holds=usable, name="data.rescale", wanted="a number other than 0", value=self.rescale)
        _demand(holds=self.pairs > 1, name="data.pairs", wanted="at least 2", value=self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class FedSettings:
    """What the pairs were like that training was really fed, over its first batches; `callbacks.Watch` writes it.

    Shares of these pairs, 0 to 1: positives = same-class pairs, identical = one image twice, repeated = seen
    before among them. low, high: of the values that went into the model.
    """

    pairs: int | None = None
    positives: float | None = None
    identical: float | None = None
    repeated: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How the model was trained. `augmentation` is kept as declared (ImageDataGenerator keywords or layers)."""

    loss: LossName | None = None
    margin: float | None = None
    same_label: Literal[0, 1] | None = None
    history: Path | None = None
    augmentation: Json = field(default=None, metadata={"as_written": True})
    fed: FedSettings = FedSettings()

    def __post_init__(self) -> None:
        """Refuse a margin that is no distance."""
        usable = self.margin is None or 0 <= self.margin < math.inf
        _demand(holds=usable, name="training.margin", wanted="0 or more", value=self.margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSettings:
    """How the user turns a pair into same or different. A pair is "same" below the threshold of a distance."""

    metric: MetricName | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        """Refuse a threshold that no score is on either side of."""
        usable = self.threshold is None or math.isfinite(self.threshold)
        _demand(holds=usable, name="decision.threshold", wanted="a finite number", value=self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A cause that is known and accepted until a day (ISO date), with the reason."""

    cause: str
    reason: str
    expires: str | None = None

    def __post_init__(self) -> None:
        """Refuse a suppression without a reason, and an expiry that is no day, before the run rather than after it."""
        if not self.reason.strip():
            raise BadSettings(f"report.suppress: a suppression needs a reason. Received: reason='' for {self.cause!r}")
        try:
            if self.expires is not None:
                date.fromisoformat(self.expires)
        except ValueError as error:
            raise BadSettings(
                "report.suppress: a suppression expires on a day such as 2027-01-31. "
                f"Received: expires={self.expires!r} for cause={self.cause!r}"
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """When a report fails a build, and what it leaves out."""

    fail_on: FailOn = "likely"
    ignore: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    suppress: tuple[Suppression, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one run. `seed` and `budget` (seconds) come from the command line or the file."""

    model: ModelSettings = ModelSettings()
    data: DataSettings = DataSettings()
    training: TrainingSettings = TrainingSettings()
    decision: DecisionSettings = DecisionSettings()
    report: ReportSettings = ReportSettings()
    seed: int = 0
    budget: float | None = None
    thorough: bool = False
    source: Path | None = field(default=None, metadata={"hidden": True})

    def __post_init__(self) -> None:
        """Refuse a seed that no generator takes, and a budget that is over before it begins."""
        _demand(holds=self.seed >= 0, name="seed", wanted="0 or more", value=self.seed)
        lasting = self.budget is None or self.budget > 0
        _demand(holds=lasting, name="budget", wanted="a number of seconds above 0", value=self.budget)


def find_settings(model: Path | None, working_directory: Path) -> Settings:
    """The settings that apply where no file is named: those beside the model, else in the working directory.

    Raises:
        BadSettings: the file cannot be used, or it came with the model and asks to run code.
    """
    folders = ([model.parent] if model is not None else []) + [working_directory]
    found = next((folder / FILE_NAME for folder in folders if (folder / FILE_NAME).is_file()), None)
    if found is None:
        return Settings()
    settings = read_settings(found)
    if found.parent.resolve() != working_directory.resolve() and (running := _runs_code(settings)):
        raise BadSettings(
            f"{found} was found beside the model and asks to run code ({', '.join(running)}), which a file that came "
            f"with a model may not do by itself. If it is yours, name it: --config {found}"
        )
    return settings


def _runs_code(settings: Settings) -> list[str]:
    """The keys by which these settings let code in, with their values."""
    model, data = settings.model, settings.data
    asked = []
    if model.custom_objects is not None:
        asked.append(f"model.custom_objects={model.custom_objects}")
    if model.architecture is not None and not model.architecture.endswith(".json"):
        asked.append(f"model.architecture={model.architecture}")
    if model.trust_savedmodel:
        asked.append("model.trust_savedmodel=true")
    for key, path in (("data.path", data.path), ("data.train", data.train)):
        if path is not None and FUNCTION.fullmatch(path.name):
            asked.append(f"{key}={path}")
    return asked


def read_settings(path: Path, *, over: Settings | None = None) -> Settings:
    """Read a settings file; relative paths in it are relative to the file.

    Args:
        path: the file.
        over: settings of an earlier file, which hold wherever this one says nothing.

    Raises:
        BadSettings: the file cannot be read, is not YAML, or holds an unknown key or a value of the
            wrong kind. The message names the key and the nearest known one.
    """
    found = read_yaml_as(Settings, path, over=over)
    return dataclasses.replace(found, source=path if over is None else over.source)
