"""Which build of PyTorch suits this computer, where it comes from, and how large it is."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from MedSAMSegLib.errors import UserError

#: PyTorch's own index has builds that PyPI lacks: without CUDA for Linux, with CUDA for Windows.
TORCH_INDEX = "https://download.pytorch.org/whl/"
CUDA_BUILD = "cu130"

#: The oldest NVIDIA driver that runs CUDA 13.
OLDEST_DRIVER = 580

MEGABYTE = 10**6

#: Sizes of the packages other than PyTorch, in bytes: to download, and on disk.
BASE_BYTES = (260 * MEGABYTE, 900 * MEGABYTE)


@dataclass(frozen=True)
class Computer:
    """What the choice depends on.

    system: "Linux", "Windows" or "Darwin".
    machine: such as "x86_64", "AMD64" or "arm64", as Slicer's process sees it.
    driver: major version of NVIDIA's driver; None without one.
    """

    system: str
    machine: str
    driver: int | None = None

    @classmethod
    def this(cls) -> Computer:
        """Return this computer."""
        return cls(platform.system(), platform.machine(), nvidiaDriver())


@dataclass(frozen=True)
class TorchChoice:
    """A build of PyTorch.

    key: "cpu", "cuda" or "mps".
    title: for the user.
    version: suffix of the version at PyTorch's own index, such as "+cpu"; "" for the build on PyPI.
    index: address of that index; "" for PyPI.
    downloadBytes, diskBytes: what PyTorch takes, about.
    note: what the user should know about the choice; may be empty.
    """

    key: str
    title: str
    version: str
    index: str
    downloadBytes: int
    diskBytes: int
    note: str = ""

    def pipSteps(self, requirements: Path) -> list[list[str]]:
        """Return the arguments of each call of pip, one after the other.

        Everything that PyPI has is checked against known checksums. PyTorch's own index publishes its builds under
        other checksums than PyPI; of these the version is fixed, and the connection encrypted.

        :param requirements: folder of ``base.txt`` and ``torch.txt``.
        """
        base = ["--require-hashes", "--requirement", str(Path(requirements) / "base.txt")]
        torch = Path(requirements) / "torch.txt"
        if not self.index:
            return [[*base, "--requirement", str(torch)]]
        version = re.search(r"^torch==([\w.]+)", torch.read_text(encoding="utf-8"), re.MULTILINE)[1]
        return [["--extra-index-url", self.index, f"torch=={version}{self.version}"], base]


def chooseTorch(computer: Computer, processorOnly: bool = False) -> TorchChoice:
    """Return the build of PyTorch for a computer.

    :param computer: :class:`Computer`.
    :param processorOnly: leave a graphics card unused.
    :raises UserError: when no build suits it.
    """
    if computer.system == "Darwin":
        return _chooseForMac(computer)
    if computer.machine.lower() not in ("x86_64", "amd64"):
        raise UserError(
            f"There is no tested server for {computer.system} on {computer.machine}.",
            "Run the server on another computer, or set MEDSAMSEG_PYTHON to a Python with medsamseg-server.",
            "platform_unsupported",
        )
    isLinux = computer.system == "Linux"
    if computer.driver is None or processorOnly:
        return _processor(isLinux)
    if computer.driver < OLDEST_DRIVER:
        note = (
            f"The NVIDIA driver {computer.driver} is too old for PyTorch, which needs {OLDEST_DRIVER} or later:"
            " the processor is used. Update the driver and install again for more speed."
        )
        return _processor(isLinux, note)
    sizes = (2900 * MEGABYTE, 6500 * MEGABYTE)
    if isLinux:
        return TorchChoice("cuda", "NVIDIA graphics card (CUDA)", "", "", *sizes)
    return TorchChoice("cuda", "NVIDIA graphics card (CUDA)", f"+{CUDA_BUILD}", TORCH_INDEX + CUDA_BUILD, *sizes)


def _processor(isLinux, note=""):
    sizes = (200 * MEGABYTE, 700 * MEGABYTE)
    if isLinux:
        return TorchChoice("cpu", "processor", "+cpu", f"{TORCH_INDEX}cpu", *sizes, note)
    return TorchChoice("cpu", "processor", "", "", *sizes, note)


def _chooseForMac(computer):
    if computer.machine == "arm64":
        return TorchChoice("mps", "Apple graphics", "", "", 90 * MEGABYTE, 400 * MEGABYTE)
    raise UserError(
        "This Slicer is made for Intel processors, for which PyTorch is no longer made on macOS;"
        " on a Mac with an Apple chip it runs in translation (Rosetta).",
        "Use a Slicer made for Apple chips where there is one, or the server on another computer.",
        "intel_mac",
    )


def nvidiaDriver() -> int:
    """Return the major version of NVIDIA's driver; None where there is none that works."""
    with contextlib.suppress(OSError, ValueError):
        return int(re.search(r"(\d+)\.\d+", Path("/proc/driver/nvidia/version").read_text().partition("\n")[0])[1])
    system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvidia-smi.exe"
    program = shutil.which("nvidia-smi") or (str(system) if system.is_file() else None)
    if program is None:
        return None
    with contextlib.suppress(OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, creationflags=flags)
        return int(result.stdout.split(".")[0])
    return None
