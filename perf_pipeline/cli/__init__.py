"""The command `perf-pipeline`: its arguments and its output. Other packages do the work.

`entry` is the command itself and its errors. `building`, `operating`, `as_of` and `figures` are its commands by what they
are about. `progress` shows what runs, `arguments` reads days and instants, `output` writes JSON and times.
"""

from perf_pipeline.cli.entry import cli, main

__all__ = ["cli", "main"]
