"""The words and numbers of the gate, apart from what judges: levels a build can fail on, and exit codes."""

from typing import Literal

FailOn = Literal["proven", "likely", "possible", "never"]
CLEAR, FOUND, USAGE, UNJUDGED, INTERRUPTED = 0, 1, 2, 3, 130
OVER_BUDGET = "the budget"  # how the reason of a check begins that was left out for want of time
