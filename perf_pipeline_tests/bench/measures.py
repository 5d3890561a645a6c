"""The measurements (a) to (h). Each is a function of a world; the names of the letters are those of docs/performance.md."""

from collections.abc import Iterator
from datetime import date

from perf_pipeline_tests.bench import sources
from perf_pipeline_tests.bench.events import stage_seconds
from perf_pipeline_tests.bench.floors import seconds_to_copy_and_group, seconds_to_group_one_day, seconds_to_import
from perf_pipeline_tests.bench.results import Result
from perf_pipeline_tests.bench.sizes import LAST_DAY, Size
from perf_pipeline_tests.bench.world import Ran, World

_LIMIT_MB = 400
_SCATTERED = 40
_RUNS = 4


def full_build(world: World) -> Iterator[Result]:
    """(a) Every stage of every day, with lineage and verdicts by day; (d) where its time went; (f) its memory."""
    floor = seconds_to_copy_and_group(world)
    ran = world.backfill(log="a")
    floor = min(floor, seconds_to_copy_and_group(world))
    yield Result("a", "all days built from nothing", ran.seconds, floor, "COPY and GROUP BY", world.size.bounds["a"])
    for stage, (seconds, events) in stage_seconds(world.warehouse_url).items():
        yield Result("d", f"of it {stage}, {events:,} events", seconds, ran.seconds, "all")
    yield _memory(ran, world.size)


def _memory(ran: Ran, size: Size) -> Result:
    what = f"peak memory with {size.rows:,} rows of each table"
    return Result("f", what, ran.peak_mb, _LIMIT_MB, "limit", 1, unit="MB")


def growth_of_memory(small: Ran, large: Result) -> Result:
    """(f) The peak memory of two sizes, one ten times the other."""
    return Result("f", "its growth from a tenth of the rows", large.value, small.peak_mb, "a tenth", 1.1, unit="MB")


def day_by_day(world: World, whole: Result) -> Iterator[Result]:
    """(e) The same days with one run and one process a day, as Dagster launches them: a few days, extrapolated."""
    days = [str(day) for day in world.size.days][:: world.size.days_count // _RUNS][:_RUNS]
    ran = [world.command("backfill", "--from", day, "--to", day, log="e") for day in days]
    seconds = sum(each.seconds for each in ran) / _RUNS * world.size.days_count
    yield Result("e", f"one run a day, extrapolated from {_RUNS} days", seconds, whole.value, "all days in one run")


def loading(world: World) -> Iterator[Result]:
    """(c) What every process of Dagster imports."""
    floor = seconds_to_import(world, "dagster", times=5)
    load = seconds_to_import(world, "perf_pipeline.definitions", times=5)
    yield Result("c", "definitions loaded", load, floor, "import dagster", world.size.bounds["c"])


def nights(world: World) -> Iterator[Result]:
    """(b) A night with fifty late ratings and one without news; (g) with scattered days; (h) with a source that fails."""
    world.pass_day()
    yield _night("b", "first night, which drops old rows", world.night(log="b-first"), world)
    world.pass_day()
    sources.run(world.lpa_url, "late_ratings", day=LAST_DAY)
    late = world.night(log="b-late")
    yield _night("b", "night with a new day and fifty late ratings", late, world, "b with fifty late ratings")
    yield _night("b", "night without news", world.night(log="b-quiet"), world, "b without news")
    sources.change_days_in_exports(world.exports, _scattered(world.size))
    scattered = world.night(log="g")
    what = f"night with {_SCATTERED} scattered changed days"
    yield Result("g", what, scattered.seconds, late.seconds, "late ratings", world.size.bounds["g"])
    world.exports.rename(world.folder / "exports_away")
    world.night(log="h-first", status=1)
    failing = world.night(log="h", status=1)
    what = "night while the folder of exports is missing, the second"
    yield Result("h", what, failing.seconds, late.seconds, "late ratings", world.size.bounds["h"])


def _night(letter: str, what: str, ran: Ran, world: World, bound: str = "") -> Result:
    floor = seconds_to_import(world, "dagster") + seconds_to_group_one_day(world)
    return Result(letter, what, ran.seconds, floor, "import dagster, SQL of a day", world.size.bounds.get(bound))


def _scattered(size: Size) -> list[date]:
    """Days all over the world's, of months that have ended."""
    days = [day for day in size.days if day < LAST_DAY.replace(day=1)]
    return days[:: len(days) // _SCATTERED][:_SCATTERED]
