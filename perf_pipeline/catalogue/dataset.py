"""What a dataset is: one table of schema `perf`, its stage, grain, key and columns. The entries are in `datasets`."""

from dataclasses import dataclass
from enum import Enum

from perf_pipeline.catalogue.columns import COLUMNS, Column
from perf_pipeline.catalogue.dimensions import Dimension, Subject
from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.catalogue.reporting_days import DayRange


class Stage(Enum):
    """The stages of the flow, in order. Each is a folder and an asset group."""

    EXTRACTED = "extracted"
    DAILY_METRICS = "daily_metrics"
    QUALITY = "quality"
    MONTHLY_METRICS = "monthly_metrics"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Dataset:
    """One table of schema `perf`. Most are also an asset of the same name."""

    name: str
    stage: Stage
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    day_columns: tuple[str, ...] = ("report_date",)
    """The columns by which ranges of days are found. Days are replaced by the first of them."""
    indicator: IndicatorName | None = None
    subject: Subject = "service"
    """The column with the subject of a row. Ledgers call it `subject`."""
    dimension: Dimension | None = None
    """The dimension by which its figures are broken down."""
    reach_back_days: int = 0
    """How many earlier days can change through the events of a day."""
    final_after_days: int | None = None
    """A provisional row is final after this many days. None when only the sources decide."""

    @property
    def day_column(self) -> str:
        """The column by which ranges of days are replaced."""
        return self.day_columns[0]

    @property
    def identity(self) -> tuple[str, ...]:
        """The key of a figure without its version, that is without the instant at which it was published."""
        return tuple(name for name in self.key if name != "published_at")

    @property
    def is_monthly(self) -> bool:
        """Whether each row is for a month."""
        return self.stage is Stage.MONTHLY_METRICS

    def touched_by(self, days: DayRange) -> DayRange:
        """The periods that can change through the events of `days`: these, earlier days, and whole months if monthly."""
        reached = days.earlier_by(self.reach_back_days)
        return reached.whole_months() if self.is_monthly else reached

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in their order."""
        return [column.name for column in self.columns]


def columns_named(*names: str) -> tuple[Column, ...]:
    """The entries of columns, in the given order."""
    return tuple(COLUMNS[name] for name in names)
