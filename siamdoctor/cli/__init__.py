"""The command line: options in, exit code out. The only package that prints."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING

from siamdoctor.bar import INTERRUPTED, UNJUDGED, USAGE
from siamdoctor.errors import SiamdoctorError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code; no mistake of the user's shows a traceback."""
    from siamdoctor.cli.commands import assemble  # noqa: PLC0415  (importing siamdoctor.cli alone must not cost typer)
    from siamdoctor.cli.output import to_stderr  # noqa: PLC0415  (the same)
    from siamdoctor.cli.usage import UsageError, sentence  # noqa: PLC0415  (the same)

    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    if not debug and not sys.warnoptions:
        warnings.simplefilter("ignore")  # a numerical warning from a library tells the user nothing
    try:
        # typer would frame a mistake in a box over many lines; here every mistake is one sentence.
        code = assemble(_asked(words))(args=words or ["--help"], prog_name="siamdoctor", standalone_mode=False)
        # A build whose command has come out empty must not pass.
        sys.exit(USAGE if not words else code if isinstance(code, int) else 0)
    except UsageError as error:
        _trace(debug=debug)
        to_stderr(f"error: {sentence(error, words)}")
        sys.exit(USAGE)
    except SiamdoctorError as error:
        _trace(debug=debug)
        to_stderr(f"error: {error}")
        sys.exit(USAGE)
    except Unavailable as error:
        _trace(debug=debug)
        to_stderr(f"could not judge: {error.reason}")
        sys.exit(UNJUDGED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  (the last stop: a defect must not pass a gate)
        _trace(debug=debug)
        hint = "" if debug else " Run the same command with --debug for the traceback."
        to_stderr(f"internal error: {type(error).__name__}: {error}.{hint}")
        sys.exit(UNJUDGED)


def _asked(words: list[str]) -> str | None:
    """The command that will run, or None where the shell asks for completions, which may be of any command."""
    if "_SIAMDOCTOR_COMPLETE" in os.environ:
        return None
    return next((word for word in words if not word.startswith("-")), "")


def _trace(*, debug: bool) -> None:
    """The traceback of the current error, for whoever asked for it."""
    import traceback  # noqa: PLC0415  (only for --debug)

    if debug:
        traceback.print_exc()
