"""What a command is doing, on stderr: a bar on a terminal, lines elsewhere. It is never silent for ten seconds.

Stdout has only results. `Progress` is a `Reporter` of `orchestration.building`.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

SILENT_SECONDS = 8.0
"""After so long without a line, a line says what still runs."""


class Progress:
    """The progress of one command, shown until the end of its `with` block. Results are printed after it."""

    def __init__(self, *, has_bar: bool = True) -> None:
        """`has_bar` is for commands that print no results while they run: a bar would be mixed up with them."""
        self._has_bar = has_bar and sys.stderr.isatty()
        self._started = time.monotonic()
        self._lock = Lock()
        self._ended = Event()
        self._running = ""
        self._running_since = self._written = self._started
        self._bar: RichProgress | None = None
        self._watch = Thread(target=self._break_silences, daemon=True)

    def __enter__(self) -> Self:
        if self._has_bar:
            self._bar = _bar()
            self._bar.start()
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._watch.join()
        if self._bar is not None:
            self._bar.stop()

    def note(self, message: str) -> None:
        """Write a line that stays, about what begins now."""
        with self._lock:
            self._run(message.strip(" …."))
            self._show(message)

    def running(self, name: str) -> None:
        """Remember what runs now, and write it only when it takes long."""
        with self._lock:
            self._run(name)

    @contextmanager
    def stage(self, title: str, steps: int) -> Iterator[Callable[[str], None]]:
        """Show a stage of so many steps. Call what is yielded with the name of each step when it starts."""
        self.note(title)
        began, number = time.monotonic(), 0

        def step(name: str) -> None:
            nonlocal number
            number += 1
            with self._lock:
                self._run(name, number - 1, max(steps, number))
                if self._bar is None:
                    self._show(f"{self._clock()}  {number:>2} of {max(steps, number)}  {name}")

        yield step
        with self._lock:
            self._run("going on")
            self._show(f"{self._clock()}  done, in {time.monotonic() - began:.1f} s")

    def _run(self, name: str, completed: int = 0, steps: int | None = None) -> None:
        """Remember what runs, and show it in the bar."""
        self._running, self._running_since = name, time.monotonic()
        if self._bar is not None:
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            self._bar.add_task(name, completed=completed, total=steps)

    def _show(self, line: str) -> None:
        self._written = time.monotonic()
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(line, err=True)

    def _break_silences(self) -> None:
        while not self._ended.wait(0.5):
            with self._lock:
                now = time.monotonic()
                # On a terminal the clock of the bar shows that the command is alive.
                if self._bar is None and now - self._written >= SILENT_SECONDS:
                    self._show(f"{self._clock()}  still at it: {self._running}, for {now - self._running_since:.0f} s")

    def _clock(self) -> str:
        return f"  {time.monotonic() - self._started:6.1f} s"


@contextmanager
def loading() -> Iterator[Progress]:
    """The progress of a command that needs Dagster, which takes seconds to import."""
    with Progress() as progress:
        progress.note("Loading the pipeline …")
        yield progress


def _bar() -> "RichProgress":
    # Only a terminal needs it.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    # Stdout is not redirected: it is for results.
    return RichProgress(*columns, TimeElapsedColumn(), console=Console(stderr=True), redirect_stdout=False)
