"""A file from the web into a partial file on disk, continued where an earlier try stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx

from medsamseg_server import __version__
from medsamseg_server.system.safe_files import ensure_free_space, write_failure
from medsamseg_server.weights.registry import PublishedFile

#: Called with the bytes that are there and the bytes in all (None where unknown).
Progress = Callable[[int, int | None], None]

_TRIES = 3
_TIMEOUT = httpx.Timeout(30, connect=15)


class SourceError(Exception):
    """This source cannot give the file; another one may. The text says why, for people."""


class _InterruptedError(Exception):
    """The connection broke: worth another try at the same source."""


def make_client() -> httpx.Client:
    """Return the web client for downloads."""
    # The system's certificates are trusted beside the usual ones: hospitals inspect traffic with their own.
    context = httpx.create_ssl_context()
    context.load_default_certs()
    headers = {
        "User-Agent": f"medsamseg/{__version__}",
        # A compressed answer has other byte positions, so it could not be continued.
        "Accept-Encoding": "identity",
    }
    return httpx.Client(headers=headers, timeout=_TIMEOUT, verify=context, follow_redirects=True)


def fetch(client: httpx.Client, url: str, published: PublishedFile, part: Path, progress: Progress) -> None:
    """Bring ``part`` to the full length of the published file, starting from what is in it already.

    What arrives is not checked against the checksum here.

    Raises:
        SourceError: when this address does not give the file.
        MedSAMSegError: of kind ``CANNOT_WRITE`` when the file cannot be written.
    """
    etag: str | None = None
    for _ in range(_TRIES):
        try:
            with client.stream("GET", url, headers=_range_headers(part, published, etag)) as response:
                etag = response.headers.get("ETag")
                _receive(response, published, part, progress)
                return
        except (_InterruptedError, httpx.TransportError) as error:
            reason = str(error) or type(error).__name__
        except httpx.HTTPError as error:
            raise SourceError(str(error)) from error
        except httpx.InvalidURL as error:
            raise SourceError(f"{url} is not a web address") from error
    raise SourceError(f"the connection failed {_TRIES} times ({reason})")


def _range_headers(part: Path, published: PublishedFile, etag: str | None) -> dict[str, str]:
    """Return the request headers that ask for what is still missing."""
    have = part.stat().st_size if part.exists() else 0
    if have == 0 or (published.size_bytes is not None and have >= published.size_bytes):
        return {}
    headers = {"Range": f"bytes={have}-"}
    # Strong tags only: a weak one does not promise the same bytes.
    if etag and not etag.startswith("W/"):
        headers["If-Range"] = etag
    return headers


def _receive(response: httpx.Response, published: PublishedFile, part: Path, progress: Progress) -> None:
    start = _start_of_answer(response, part)
    total = _length_in_all(response, published, start)
    try:
        if total is not None:
            ensure_free_space(part.parent, total - start)
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            progress(start, total)
            for chunk in response.iter_raw():
                file.write(chunk)
                if total is not None and file.tell() > total:
                    raise SourceError("it sends more than the file's published size")
                progress(file.tell(), total)
            received = file.tell()
    except OSError as error:
        raise write_failure(error, part) from error
    if total is not None and received < total:
        raise _InterruptedError(f"it ended after {received} of {total} bytes")


def _start_of_answer(response: httpx.Response, part: Path) -> int:
    """Return at which byte of the file the answer starts."""
    if response.status_code == httpx.codes.OK:
        return 0
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if match and part.exists() and int(match[1]) == part.stat().st_size:
            return int(match[1])
    if response.status_code in (httpx.codes.PARTIAL_CONTENT, httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE):
        part.unlink(missing_ok=True)
        raise _InterruptedError("it cannot continue the file where it stopped")
    raise SourceError(f"it answers {response.status_code} {response.reason_phrase}".rstrip())


def _length_in_all(response: httpx.Response, published: PublishedFile, start: int) -> int | None:
    """Return the full length of the file; refuse an answer that cannot be this file, such as a log-in page."""
    announced = response.headers.get("Content-Length")
    total = start + int(announced) if announced and announced.isdigit() else None
    if published.size_bytes is None:
        return total
    if total not in (None, published.size_bytes):
        raise SourceError(f"its file has {total} bytes, but {published.size_bytes} are expected")
    return published.size_bytes
