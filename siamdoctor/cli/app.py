"""The commands and what stands above them."""

from typing import Annotated

import typer

from siamdoctor import __version__
from siamdoctor.cli.chance_level import chance_level
from siamdoctor.cli.check_augmentation import check_augmentation
from siamdoctor.cli.compare import compare
from siamdoctor.cli.compare_metrics import compare_metrics
from siamdoctor.cli.demo import demo
from siamdoctor.cli.diagnose import diagnose
from siamdoctor.cli.explain import explain
from siamdoctor.cli.init import init
from siamdoctor.cli.inspect_model import inspect_model
from siamdoctor.cli.output import to_stdout
from siamdoctor.cli.sweep_margin import sweep_margin

app = typer.Typer(
    name="siamdoctor",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  (typer calls it by position)
    """Print the version and stop."""
    if wanted:
        to_stdout(f"siamdoctor {__version__}\n")
        raise typer.Exit


@app.callback()
def siamdoctor(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find out why a Siamese network is stuck at 50 % accuracy.

    `siamdoctor diagnose model.keras data/val` ranks the causes by what removing each one is
    measured to recover. Inside a project with a siamdoctor.yaml, MODEL and DATA can be left out.

    Exit codes: 0 nothing at or above --fail-on; 1 causes found; 2 usage, or input that cannot be read;
    3 could not judge; 130 interrupted.
    """
    del version


_EXAMINE, _READ, _BEGIN = "Examine a model", "Read and compare", "Begin"
app.command("diagnose", rich_help_panel=_EXAMINE)(diagnose)
app.command("sweep-margin", rich_help_panel=_EXAMINE)(sweep_margin)
app.command("compare-metrics", rich_help_panel=_EXAMINE)(compare_metrics)
app.command("check-augmentation", rich_help_panel=_EXAMINE)(check_augmentation)
app.command("chance-level", rich_help_panel=_EXAMINE)(chance_level)
app.command("inspect", rich_help_panel=_EXAMINE)(inspect_model)
app.command("explain", rich_help_panel=_READ)(explain)
app.command("compare", rich_help_panel=_READ)(compare)
app.command("demo", rich_help_panel=_BEGIN)(demo)
app.command("init", rich_help_panel=_BEGIN)(init)
