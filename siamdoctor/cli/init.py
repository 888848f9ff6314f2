"""`siamdoctor init`: a commented settings file for the model and data at hand."""

from pathlib import Path
from typing import Annotated

import typer

from siamdoctor.cli.options import DataArgument, DebugOption, ModelArgument
from siamdoctor.cli.output import to_stderr, to_stdout
from siamdoctor.cli.settling import local_path
from siamdoctor.errors import BadSettings
from siamdoctor.settings import FILE_NAME, read_settings

_PathOption = Annotated[Path, typer.Option("--path", metavar="FILE", help="The file to write; `-` prints it.")]
_ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")]


def init(
    model: ModelArgument = None,
    data: DataArgument = None,
    *,
    path: _PathOption = Path(FILE_NAME),
    force: _ForceOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a commented siamdoctor.yaml: what the files show is filled in, what only you know is asked for.

    MODEL and DATA left out are looked for in the working directory. TensorFlow is not loaded.

    For example:

    ```console
    siamdoctor init
    siamdoctor init runs/best.keras data/val
    siamdoctor init --path -
    ```
    """
    from siamdoctor.cli.findings import find_facts  # noqa: PLC0415  (numpy and h5py: --help does without them)
    from siamdoctor.cli.settings_draft import draft  # noqa: PLC0415  (the same)

    del debug
    printed = str(path) == "-"
    if not printed and path.exists() and not force:
        raise BadSettings(f"The file exists; --force overwrites it. Received: path={path}")
    facts = find_facts(
        local_path(model, "model") if model is not None else None,
        local_path(data, "data") if data is not None else None,
        Path.cwd(),
    )
    text = draft(facts, Path.cwd() if printed else path.absolute().parent)
    if printed:
        to_stdout(text)
        return
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadSettings(f"The file cannot be written ({error.strerror}). Received: path={path}") from error
    read_settings(path)  # whatever was found, what was written can be read
    to_stderr(f"Written: {path}. Now fill in what only you know, then run: siamdoctor diagnose")
