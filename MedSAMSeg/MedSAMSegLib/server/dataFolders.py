"""Where the server's sources, its packages and the weights lie on this computer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from MedSAMSegLib.errors import UserError

#: Moves everything that is not part of Slicer below one folder of the user's choice; the server obeys it, too.
HOME_VARIABLE = "MEDSAMSEG_HOME"


def homeFolder() -> Path:
    """Return the folder of all MedSAMSeg data, the same that the server uses."""
    override = os.environ.get(HOME_VARIABLE)
    if override:
        return Path(override).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "MedSAMSeg"


def packagesFolder() -> Path:
    """Return where the server's packages are installed."""
    return homeFolder() / "server"


def serverFolder() -> Path:
    """Return the folder of the server's sources: installed beside the module, or in a checkout.

    :raises UserError: when the installation of the extension is incomplete.
    """
    moduleFolder = Path(__file__).resolve().parents[2]
    for folder in (moduleFolder / "MedSAMSegServer", moduleFolder.parent / "server"):
        if (folder / "medsamseg_server" / "__main__.py").is_file():
            return folder
    raise UserError(
        f"The server's files are missing beside {moduleFolder}.",
        "Install the extension again in the Extensions Manager.",
        "server_files_missing",
    )


def folderBytes(folder: Path) -> int:
    """Return the size of all files below a folder in bytes; 0 where there is none."""
    return sum(path.lstat().st_size for path in Path(folder).rglob("*") if not path.is_dir() or path.is_symlink())


def readableSize(size: float) -> str:
    """Return a size in bytes for people, such as "36.6 MB"."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
