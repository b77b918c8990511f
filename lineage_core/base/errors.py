"""What can go wrong that a person must be told of: one clear line each, and the exit code that goes with it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command."""

    OK = 0
    CHECK_FAILED = 1  # a named thing is unknown, or a check failed
    USAGE = 2
    JOURNAL = 3  # the journal cannot be read or written, or the answer not written
    UNKNOWN_TASK = 4  # of `lineage wait` alone, where 1 says that the task failed
    DEFECT = 70
    TIMED_OUT = 124  # of `lineage wait` alone, as of timeout(1)
    INTERRUPTED = 130


class LineageError(Exception):
    """A fault to report in one line: what failed, where, and what to do next."""

    exit_code = ExitCode.DEFECT


class BadInputError(LineageError):
    """The caller's words are wrong: an unknown event type, a missing argument, data that is no JSON object."""

    exit_code = ExitCode.USAGE


class UnknownNameError(LineageError):
    """A task, worker or point was named that the journal does not know."""

    exit_code = ExitCode.CHECK_FAILED


class JournalError(LineageError):
    """The journal cannot be found, read or written."""

    exit_code = ExitCode.JOURNAL


def no_directory(directory: object) -> JournalError:
    """The error that there is no lineage directory (yet)."""
    return JournalError(f"{directory} does not exist; `lineage log` makes it with the first event")
