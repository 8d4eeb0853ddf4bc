"""Where caches are kept: a folder, or a place in an object store by its URL."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from medsamseg_server.errors import ErrorKind, MedSAMSegError, shorten
from medsamseg_server.system.packages import require_packages

logger = logging.getLogger(__name__)

_MARK = "://"
# What fsspec calls the computer's own folders.
_FOLDERS = ("file", "local")


@dataclass(frozen=True)
class StoreUrl:
    """A place in an object store, as fsspec writes it, such as ``s3://bucket/embeddings``."""

    url: str

    def __truediv__(self, name: str) -> StoreUrl:
        """Return what has a name in this place."""
        return StoreUrl(f"{self.url.rstrip('/')}/{name}")

    def __str__(self) -> str:
        """Return the URL without what would let others in, for messages and the log."""
        scheme, _, rest = self.url.partition(_MARK)
        host, slash, path = rest.partition("/")
        return f"{scheme}{_MARK}{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"

    def open(self) -> tuple[Any, str]:
        """Return fsspec's file system, and the path in it; nothing is asked of the store yet.

        Raises:
            MedSAMSegError: ``store_not_installed``, ``store_unusable``.
        """
        require_packages({"fsspec": "fsspec"}, "cluster", "An object store", "store_not_installed")
        import fsspec

        try:
            # Other programs write there, too: what was listed a moment ago is no answer.
            return fsspec.core.url_to_fs(self.url, use_listings_cache=False)  # type: ignore[no-any-return]
        except ImportError as error:
            message = f"{shorten(str(self))} needs a package that is not installed: {shorten(str(error))}"
            hint = "Install the package of this kind of store, on all machines: s3fs for s3://, gcsfs for gs://, …"
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "store_not_installed", message, hint) from error
        # Each kind of store checks its URL by itself, and says what is wrong by exceptions of its own.
        except Exception as error:
            message = f"{shorten(str(self))} is no store that can be used: {shorten(str(error))}"
            hint = "Give a folder, or a URL that fsspec knows, such as s3://bucket/embeddings."
            raise MedSAMSegError(ErrorKind.INVALID_INPUT, "store_unusable", message, hint) from error


Place = Path | StoreUrl


def place_of(text: str) -> Place:
    """Return the place that a text means: an absolute folder, unless it is the URL of a store."""
    scheme, mark, _ = text.partition(_MARK)
    if not mark:
        return Path(text).resolve()
    if scheme in _FOLDERS:
        # It brings HTTP along, which takes a moment to import.
        from urllib.request import url2pathname

        return Path(url2pathname(urlsplit(text).path)).resolve()
    return StoreUrl(text)


def drop_folders(place: Place, kept: Collection[str]) -> None:
    """Remove the folders in a place that have other names than some; what cannot be removed stays, and is logged."""
    if isinstance(place, StoreUrl):
        _drop_in_store(place, kept)
    elif place.is_dir():
        for path in place.iterdir():
            if path.name not in kept and not path.is_symlink() and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)


def _drop_in_store(place: StoreUrl, kept: Collection[str]) -> None:
    files, path = place.open()
    try:
        for each in files.ls(path, detail=True):
            name = each["name"].rstrip("/").rpartition("/")[2]
            if each["type"] == "directory" and name not in kept:
                files.rm(each["name"], recursive=True)
    except FileNotFoundError:
        return
    # Each kind of store raises exceptions of its own.
    except Exception as error:
        logger.warning("Folders in %s cannot be removed: %s", place, error)
