"""Every error that this package raises on purpose, each with the next step for the person who reads it.

    PerfPipelineError
    ├── UsageError                   the command was asked for something that makes no sense (exit 2)
    ├── SettingsError                a PERF_* variable or the services file is wrong or missing
    ├── SourceError                  a system that we only read
    │   ├── TransientSourceError     may answer later: unreachable, throttled, a gateway's 404
    │   └── PermanentSourceError     answers the same until somebody changes something: no such table, forbidden
    ├── WarehouseError               our own database: unreachable, not migrated
    ├── PublishingError              the release could not be written whole
    └── EmbeddedDatabaseError        the PostgreSQL of the embedded default could not be started or stopped

Messages are one line, name what, where and the next step, and never hold a secret or a person's words.
"""

NEXT_STEP = "Next step:"


class PerfPipelineError(Exception):
    """What happened, and what to do next. `str()` gives both on one line."""

    def __init__(self, what: str, *, next_step: str) -> None:
        super().__init__(what)
        self.what = " ".join(what.split())
        self.next_step = " ".join(next_step.split())

    def __str__(self) -> str:
        return f"{self.what} {NEXT_STEP} {self.next_step}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.next_step))


def _rebuild(kind: type[PerfPipelineError], what: str, next_step: str) -> PerfPipelineError:
    return kind(what, next_step=next_step)


class UsageError(PerfPipelineError):
    """The command was asked for something that makes no sense."""


class SettingsError(PerfPipelineError):
    """A variable or the services file is wrong or missing."""


class SourceError(PerfPipelineError):
    """A system that we only read did not deliver."""


class TransientSourceError(SourceError):
    """May answer later; worth trying again."""


class PermanentSourceError(SourceError):
    """Answers the same until somebody changes something; trying again is no use."""


class WarehouseError(PerfPipelineError):
    """Our own database is unreachable, or not at the version this code needs."""


class PublishingError(PerfPipelineError):
    """A release could not be written whole; the last one still stands."""


class EmbeddedDatabaseError(PerfPipelineError):
    """The PostgreSQL of the embedded default could not be started or stopped."""
