"""What must be true of a dataset's days before anything is made from them: one entry a check.

- completeness: contracts, keys, every day and every row accounted for
- consistency: percentages follow from counts, parts add up, months are the sums of their days
- timeliness: each source was read, and delivers in time
- plausibility: right by its counts, and yet unlikely; warnings
"""

from perf_pipeline.catalogue.checks.completeness import CHECKED, COMPLETENESS, CONTRACT_CHECK, NOT_CHECKED
from perf_pipeline.catalogue.checks.consistency import CONSISTENCY
from perf_pipeline.catalogue.checks.plausibility import PLAUSIBILITY
from perf_pipeline.catalogue.checks.rule import Kind, Rule
from perf_pipeline.catalogue.checks.timeliness import SOURCE_RULES

RULES: dict[str, dict[str, Rule]] = {
    dataset: {rule.name: rule for rule in (*COMPLETENESS, *CONSISTENCY, *PLAUSIBILITY) if dataset in rule.on}
    for dataset in CHECKED
}
"""The checks of each dataset, by name."""

FAULTS: dict[str, str] = {rule.name: rule.fault for rules in (SOURCE_RULES, *RULES.values()) for rule in rules.values()}
"""What is wrong when a check fails, by the check's name. It is the same on all datasets."""

__all__ = ["CHECKED", "CONTRACT_CHECK", "FAULTS", "NOT_CHECKED", "RULES", "SOURCE_RULES", "Kind", "Rule"]
