"""The command behind `scripts/bench`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from perf_pipeline.embedded_postgres import EmbeddedPostgres, embedded_postgres
from perf_pipeline_tests.bench import measures
from perf_pipeline_tests.bench.results import Result, exit_status, machine, table, write_json
from perf_pipeline_tests.bench.sizes import FULL, QUICK, Size
from perf_pipeline_tests.bench.world import world_of

FOLDER = Path(__file__).parents[2] / ".perf" / "bench"


@click.command()
@click.option("--quick", is_flag=True, help="A tenth of the size, in two minutes: a guard for later work.")
def main(quick: bool) -> None:
    """Measure the pipeline. Exit status 1: a ratio is beyond its bound by half again."""
    size = QUICK if quick else FULL
    results = []
    with embedded_postgres(FOLDER) as postgres:
        for result in measured(postgres, size):
            results.append(result)
            click.echo(table([result]).splitlines()[-1], err=True)
    click.echo(table(results))
    write_json(FOLDER / f"{size.name}.json", size.name, results)
    click.echo(f"{machine()}. As JSON: {FOLDER / f'{size.name}.json'}", err=True)
    sys.exit(exit_status(results))


def measured(postgres: EmbeddedPostgres, size: Size) -> Iterator[Result]:
    """Every measurement of a size."""
    with world_of(size.with_few_rows, postgres, FOLDER / "world") as small:
        few_rows = small.backfill(log="f")
    with world_of(size, postgres, FOLDER / "world") as world:
        yield from measures.loading(world)
        built = list(measures.full_build(world))
        yield from built
        yield measures.growth_of_memory(few_rows, built[-1])
        if size is FULL:
            yield from measures.day_by_day(world, built[0])
        yield from measures.nights(world)


main()
