"""Where the gate's files are."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
GATE = ROOT / "configs" / "ci.yaml"
