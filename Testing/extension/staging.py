"""The extension as a user gets it: CMake run as Slicer runs it, into a folder."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from complaints import NAME

#: Stands in for a Slicer build tree.
SLICER = Path(__file__).with_name("slicerCMake")
#: Where a scripted module lies below the installation.
MODULES = Path("lib/Slicer-5.12/qt-scripted-modules")
SERVER = MODULES / f"{NAME}Server"


def install(root, folder):
    """Configure the extension and install it.

    :param root: checkout of the extension.
    :param folder: where to; gets a folder ``build`` and a folder ``install``.
    :return: the folder of installed modules.
    :raises RuntimeError: with CMake's output, when it fails.
    """
    build, prefix = folder / "build", folder / "install"
    _cmake("-S", root, "-B", build, f"-DSlicer_DIR={SLICER}", "-DBUILD_TESTING=ON")
    _cmake("--build", build)
    _cmake("--install", build, "--prefix", prefix)
    return prefix / MODULES


def checkInstalledServer(repository):
    """CMake installs the module, and every file that the server runs from, in the same version."""
    with tempfile.TemporaryDirectory() as folder:
        yield from differences(repository, install(repository.root, Path(folder)))


def differences(repository, modules):
    """What is not installed, or with other contents; a sentence each.

    :param modules: the folder of installed modules.
    """
    yield from _compare(repository.module, modules, "*.py")
    for pattern in ("medsamseg_server/**/*.py", "requirements/*.txt", "pyproject.toml"):
        yield from _compare(repository.root / "server", modules / f"{NAME}Server", pattern)


def _compare(source, installed, pattern):
    files = [path.relative_to(source) for path in source.rglob(pattern)]
    if not files:
        yield f"there is no {pattern} in {source.name}"
    for file in files:
        target = installed / file
        if not target.is_file():
            yield f"{source.name}/{file} is not installed"
        elif target.read_bytes() != (source / file).read_bytes():
            yield f"{source.name}/{file} is installed with other contents"


def _cmake(*arguments):
    program = shutil.which("cmake")
    if program is None:
        raise RuntimeError("cmake is not on the search path")
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"cmake {arguments[0]} failed:\n{result.stdout}\n{result.stderr}")
