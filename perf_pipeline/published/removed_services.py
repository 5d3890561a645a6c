"""The files of services that were removed from the services file: their published figures stay as they are."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.services import FEEDS_FOLDER, Services
from perf_pipeline.published.as_of import is_in_force
from perf_pipeline.published.files import WrittenFile, write_dataset_files, write_revision_log
from perf_pipeline.published.release import CURRENT
from perf_pipeline.warehouse.tables import TABLES

_FEED_FILE = re.compile(r"(.+)_\d\d_\d\d\.json")


def write_files_of_removed(
    connection: Connection, root: Path, services: Services, publish_dir: Path
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
                yield from write_dataset_files(connection, root, slug, name)
    for folder in sorted(root.iterdir()):
        if folder.name not in services and folder.name != FEEDS_FOLDER:
            yield from write_revision_log(connection, root, folder.name, list(INDICATORS))
    feeds = {service.feed for service in services}
    for file in sorted((publish_dir / CURRENT / FEEDS_FOLDER).glob("*.json")):
        found = _FEED_FILE.fullmatch(file.name)
        if found and found[1] not in feeds:
            shutil.copyfile(file, root / FEEDS_FOLDER / file.name)
            yield WrittenFile(f"{FEEDS_FOLDER}/{file.name}", len(json.loads(file.read_text(encoding="utf-8"))))
