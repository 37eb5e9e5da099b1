"""Exit codes, and which error ends in which. `docs/cli.md` lists them."""

from __future__ import annotations

from enum import IntEnum

from voicecore import errors


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_INSTALLED = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


class Unreachable(errors.VoiceCoreError):
    """No service answers."""

    code = "unreachable"
    retryable = True


class ServiceFailed(errors.VoiceCoreError):
    """The service answered with an error.

    Attributes:
        code: the service's stable code, or `http_500` where it sent none.
        exit_code: what the command ends with.
    """

    def __init__(self, message: str, *, code: str, exit_code: Exit) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # the service's own, so it cannot be a constant of this class
        self.exit_code = exit_code


_BY_KIND: tuple[tuple[type[errors.VoiceCoreError], Exit], ...] = (
    (errors.InvalidInput, Exit.USAGE),
    (errors.NotInstalled, Exit.NOT_INSTALLED),
    (errors.ModelCorrupt, Exit.NOT_INSTALLED),
    (errors.NotFound, Exit.NOT_FOUND),
    (errors.Gone, Exit.NOT_FOUND),
    (Unreachable, Exit.UNREACHABLE),
)


def exit_code(error: errors.VoiceCoreError) -> Exit:
    """The code that this error ends a command with."""
    if isinstance(error, ServiceFailed):
        return error.exit_code
    return next((code for kind, code in _BY_KIND if isinstance(error, kind)), Exit.FAILED)


def exit_code_of(code: str, status: int) -> Exit:
    """As `exit_code`, for an error that a service reports: by its stable code, or by its HTTP status."""
    for kind, exit_with in _BY_KIND:
        if code in _codes(kind):
            return exit_with
    by_status = {400: Exit.USAGE, 413: Exit.USAGE, 415: Exit.USAGE, 404: Exit.NOT_FOUND, 410: Exit.NOT_FOUND,
                 501: Exit.NOT_INSTALLED}  # fmt: skip
    return by_status.get(status, Exit.FAILED)


def _codes(kind: type[errors.VoiceCoreError]) -> set[str]:
    return {kind.code}.union(*(_codes(each) for each in kind.__subclasses__()))


def os_error_sentence(error: OSError) -> str:
    """One sentence for a file that cannot be read or written."""
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}."
