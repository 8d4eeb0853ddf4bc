"""Fixtures of the installation's tests: real virtual environments and real pip, on wheels made here."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from installing import ServerSources, Wheelhouse
from launcher import SlicerLayout

from MedSAMSegLib.install.packageInstall import InstallPlan, PackageInstall
from MedSAMSegLib.install.torchBuild import TorchChoice
from MedSAMSegLib.server.installedServer import InstalledServer
from slicerhost.fixtures import cleanScene, host
from slicerhost.guiFixtures import gui, guiHost

SMALL_TORCH = TorchChoice("cpu", "processor", "", "", 1000, 1000)


@pytest.fixture
def place(tmp_path):
    """A folder as people have them."""
    folder = tmp_path / "Jürgen's Büro 研究"
    folder.mkdir()
    return folder


@pytest.fixture
def wheelhouse(tmp_path):
    """A folder with the two wheels that the server of these tests stands on."""
    house = Wheelhouse(tmp_path / "wheels")
    house.add("base_part", "1.0")
    house.add("torch", "2.0")
    return house


@pytest.fixture
def server(tmp_path, wheelhouse):
    """Sources of a server that needs both wheels."""
    return ServerSources(tmp_path / "sources", wheelhouse)


@pytest.fixture
def torch():
    """A small build of PyTorch."""
    return SMALL_TORCH


@pytest.fixture(autouse=True, scope="session")
def smallSizes():
    """The packages of these tests take next to nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("MedSAMSegLib.install.packageInstall.BASE_BYTES", (1000, 1000))
        yield


@pytest.fixture
def plan(place, server, wheelhouse, torch):
    """Installs from the folder of wheels."""
    return InstallPlan(place / "home" / "server", server.folder, torch, wheelhouse.folder)


@pytest.fixture
def environment():
    """The environment of this process, without this computer's own settings for pip."""
    return plainEnvironment()


def plainEnvironment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="session", params=["plain", "launcher"])
def python(request, tmp_path_factory):
    """Stands for Slicer's Python: a plain interpreter, and one in Slicer's folders that needs its launcher."""
    if request.param == "plain":
        return sys.executable
    return str(SlicerLayout(tmp_path_factory.mktemp("Slicer's folder") / "Slicer").pythonSlicer)


@pytest.fixture(scope="session")
def installedOnce(tmp_path_factory, python):
    """An installation with all that was told meanwhile, in spite of settings that would lead pip elsewhere."""
    folder = tmp_path_factory.mktemp("installed once in Jürgen's Büro 研究")
    house = Wheelhouse(folder / "wheels")
    house.add("base_part", "1.0")
    house.add("torch", "2.0")
    server, phases = ServerSources(folder / "sources", house), []
    plan = InstallPlan(folder / "home" / "server", server.folder, SMALL_TORCH, house.folder)
    before = packagesOf(python)
    redirected = {"PIP_USER": "1", "PIP_TARGET": "/nowhere", "PIP_PREFIX": "/nowhere", "PIP_REQUIRE_VIRTUALENV": "1"}
    running = PackageInstall(plan, python, {**plainEnvironment(), **redirected}, folder / "install.log")
    installed = running.run(lambda progress: phases.append(progress.phase))
    return SimpleNamespace(
        plan=plan,
        server=server,
        installed=installed,
        phases=phases,
        log=(folder / "install.log").read_text(encoding="utf-8"),
        packagesBefore=before,
        packagesAfter=packagesOf(python),
    )


def packagesOf(python):
    """:return: where each package of a Python lies, as it says itself."""
    show = "import importlib.metadata as m; print(sorted(str(d._path) for d in m.distributions()))"
    return subprocess.run([python, "-c", show], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def installed(installedOnce, plan):
    """The server's packages, where the plan puts it."""
    shutil.copytree(installedOnce.plan.folder, plan.folder, symlinks=True)
    return InstalledServer.load(plan.folder)
