"""The files of services that were removed from the services file: their published figures stay as they are."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.catalogue.feed_types import OPTIONAL_KEY
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.services import FEEDS_FOLDER, Services
from perf_pipeline.published.as_of import is_in_force
from perf_pipeline.published.demonstration import Demonstrated
from perf_pipeline.published.files import WrittenFile, write_dataset_files, write_revision_log
from perf_pipeline.published.release import CURRENT
from perf_pipeline.warehouse.tables import TABLES

_FEED_FILE = re.compile(r"(.+)_\d\d_\d\d\.json")


def write_files_of_removed(
    connection: Connection, root: Path, services: Services, publish_dir: Path, stand_ins: Demonstrated
) -> Iterator[WrittenFile]:
    """Write the dataset files of removed services below `root`, and copy their feed files from the current release.

    A removed service no longer names its feed, so feed files that belong to no present service are theirs.
    """
    for name, indicator in INDICATORS.items():
        dataset = DATASETS[indicator.published_dataset]
        subject = TABLES[dataset.name].c[dataset.subject]
        statement = select(subject).where(is_in_force(dataset.name, None)).distinct().order_by(subject)
        for slug in connection.execute(statement).scalars():
            if slug not in services:
                is_marked = (slug, name) in stand_ins
                yield from write_dataset_files(connection, root, slug, name, is_demonstration=is_marked)
    for folder in sorted(root.iterdir()):
        if folder.name not in services and folder.name != FEEDS_FOLDER:
            is_marked = any(slug == folder.name for slug, _ in stand_ins)
            yield from write_revision_log(connection, root, folder.name, list(INDICATORS), is_demonstration=is_marked)
    feeds = {service.feed for service in services}
    for file in sorted((publish_dir / CURRENT / FEEDS_FOLDER).glob("*.json")):
        found = _FEED_FILE.fullmatch(file.name)
        if found and found[1] not in feeds:
            shutil.copyfile(file, root / FEEDS_FOLDER / file.name)
            entries = json.loads(file.read_text(encoding="utf-8"))
            is_marked = any(NOTICE in entry.get(OPTIONAL_KEY, []) for entry in entries)
            yield WrittenFile(f"{FEEDS_FOLDER}/{file.name}", len(entries), is_marked)
