"""A release: all published files at once, or none (DESIGN 4).

The files are written into `.releases/{id}/`. The paths that readers use go through one link, `.current`, which is replaced
by a rename. So a reader always gets one whole release, the earlier or the new one. No release is made when its files would
equal those of the current one.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from perf_pipeline.catalogue.demonstration import NOTICE, NOTICE_KEY
from perf_pipeline.errors import PublishingError
from perf_pipeline.published.files import WrittenFile

RELEASES = ".releases"
CURRENT = ".current"
MANIFEST = "manifest.json"
KEPT_RELEASES = 30


@dataclass(frozen=True)
class Release:
    """A release in the publishing folder."""

    id: str
    folder: Path
    files: int
    is_new: bool
    is_demonstration: bool
    """Whether any of its files has figures that are made from stand-ins."""


def publish_release(
    publish_dir: Path, building: Path, written: Sequence[WrittenFile], published_at: datetime
) -> Release:
    """Make the files in `building` the current release."""
    contents: dict[str, object] = {"files": _listed(building, written)}
    is_demonstration = any(file.is_demonstration for file in written)
    if is_demonstration:
        contents[NOTICE_KEY] = NOTICE
    current = current_manifest(publish_dir)
    if current is not None and _holds(publish_dir / CURRENT, current, contents, written):
        shutil.rmtree(building)
        _link_entries(publish_dir)
        return Release(str(current["release_id"]), publish_dir / CURRENT, len(written), False, is_demonstration)
    digest = hashlib.sha256(json.dumps(contents).encode()).hexdigest()
    release_id = f"{published_at:%Y%m%dT%H%M%S%f}Z-{digest[:8]}"
    manifest = {"release_id": release_id, "published_at": published_at.isoformat()} | contents
    (building / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for entry in (CURRENT, *(path.name for path in building.iterdir())):
        _refuse_to_overwrite(publish_dir / entry)
    folder = publish_dir / RELEASES / release_id
    building.rename(folder)
    _replace_link(publish_dir / CURRENT, Path(RELEASES) / release_id)
    _link_entries(publish_dir)
    _drop_old(publish_dir, keep=release_id)
    return Release(release_id, folder, len(written), True, is_demonstration)


def _listed(folder: Path, written: Sequence[WrittenFile]) -> list[dict[str, object]]:
    """The files as the manifest lists them."""
    return [
        {"path": file.path, "sha256": _sha256(folder / file.path), "rows": file.rows}
        | ({NOTICE_KEY: NOTICE} if file.is_demonstration else {})
        for file in sorted(written, key=lambda file: file.path)
    ]


def _holds(
    folder: Path, manifest: Mapping[str, object], contents: Mapping[str, object], written: Sequence[WrittenFile]
) -> bool:
    """Whether a release has these contents, and its files still match its manifest."""
    said = {name: value for name, value in manifest.items() if name not in ("release_id", "published_at")}
    return (
        said == contents
        and all((folder / file.path).is_file() for file in written)
        and _listed(folder, written) == said["files"]
    )


def building_folder(publish_dir: Path, name: str) -> Path:
    """An empty folder for the files of a release, on the same disk. Folders of killed runs are removed.

    Raises PublishingError when the publishing folder is not writable. Call it with the release lock held.
    """
    releases = publish_dir / RELEASES
    if releases.is_symlink():
        raise PublishingError(
            f"{releases} is a link, which this program did not make.", next_step="remove it, or use another folder."
        )
    try:
        releases.mkdir(parents=True, exist_ok=True)
        for left in releases.glob(".building-*"):
            shutil.rmtree(left)
        folder = releases / f".building-{name}"
        folder.mkdir()
    except OSError as error:
        raise PublishingError(
            f"The publishing folder {publish_dir} can't be written to: {error.strerror}.",
            next_step="set PERF_PUBLISH_DIR to a folder that this user may write to, then run the same command again.",
        ) from None
    return folder


def current_manifest(publish_dir: Path) -> dict[str, object] | None:
    """The manifest of the current release. None before the first release."""
    try:
        manifest = json.loads((publish_dir / CURRENT / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and "release_id" in manifest else None


def _link_entries(publish_dir: Path) -> None:
    """Link every entry of the current release at its usual path, and remove links to entries that no longer exist."""
    entries = {entry.name for entry in (publish_dir / CURRENT).iterdir()}
    for link in publish_dir.iterdir():
        if _is_ours(link) and link.name != CURRENT and link.name not in entries:
            link.unlink()
    for name in entries:
        _replace_link(publish_dir / name, Path(CURRENT) / name)


def _is_ours(path: Path) -> bool:
    """Whether a path is a link into our releases, and not a file from somebody else."""
    return path.is_symlink() and path.readlink().parts[:1] in ((CURRENT,), (RELEASES,))


def _refuse_to_overwrite(path: Path) -> None:
    if not _is_ours(path) and (path.exists() or path.is_symlink()):
        raise PublishingError(
            f"{path} is in the way: it is not a link of ours.",
            next_step="move it elsewhere, or set PERF_PUBLISH_DIR to a folder of its own.",
        )


def _replace_link(link: Path, target: Path) -> None:
    _refuse_to_overwrite(link)
    if link.is_symlink() and link.readlink() == target:
        return
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _drop_old(publish_dir: Path, *, keep: str) -> None:
    """Remove old releases. The new release is current by now, so a failure is ignored and the next release tries again."""
    releases = sorted(publish_dir.joinpath(RELEASES).iterdir(), reverse=True)
    for old in releases[KEPT_RELEASES:]:
        if old.name != keep:
            shutil.rmtree(old, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
