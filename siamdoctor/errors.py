"""The deliberate exceptions. Each message says what is wrong, what was received, and what to do next."""

from __future__ import annotations

LONGEST = 1200  # letters of a message: it may quote a name of any length, or a library that quotes a whole file


class SiamdoctorError(Exception):
    """Something the user can mend; the command line prints the message alone and exits with 2."""

    def __init__(self, message: str) -> None:
        """Keep the message; of a very long one its beginning and its end, which say what and where."""
        if len(message) > LONGEST:
            message = f"{message[: LONGEST // 2]} ... {message[-LONGEST // 2 :]}"
        super().__init__(message)


class BadSettings(SiamdoctorError):  # noqa: N818  (reads in "raise BadSettings(...)" as what it is)
    """A setting is unknown, of the wrong kind, or contradicts another."""


class UnreadableModel(SiamdoctorError):  # noqa: N818
    """The model file cannot be read, or is refused because reading it would be unsafe."""


class UnreadableData(SiamdoctorError):  # noqa: N818
    """The data set cannot be read, or cannot be turned into pairs for this model."""


class Unavailable(Exception):  # noqa: N818
    """A quantity cannot be had in this case. A check that asked for it is skipped, with this reason."""

    def __init__(self, reason: str) -> None:
        """Keep the reason, a sentence without a full stop that completes "skipped: ..."."""
        super().__init__(reason)
        self.reason = reason
