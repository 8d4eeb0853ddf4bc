"""Installing, updating and removing the server's packages, and everything that goes wrong meanwhile."""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from installing import Index, behindTheLauncher
from processTree import haveEnded
from waiting import waitUntil

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.install.packageInstall import PackageInstall, uninstallServer
from MedSAMSegLib.server.dataFolders import folderBytes
from MedSAMSegLib.server.installedServer import InstalledServer

TIMEOUT = 60


@pytest.fixture
def install(plan, python, environment, place):
    """Called, installs; gives the server's packages. Other arguments than the fixtures' may be given."""

    def run(plan=plan, python=python, onProgress=lambda _: None, **variables):
        return PackageInstall(plan, python, {**environment, **variables}, place / "install.log").run(onProgress)

    return run


@pytest.fixture
def index(wheelhouse):
    with Index(wheelhouse) as made:
        yield made


@pytest.fixture
def online(plan, index):
    """The plan without a folder of wheels, and the variables that lead pip to the index of these tests."""
    return {"plan": replace(plan, wheels=None), "PIP_INDEX_URL": index.url, "PIP_NO_CACHE_DIR": "1"}


@pytest.fixture
def fullDisk(tmp_path, python):
    """Slicer's Python, whose pip runs into the end of the disk; a script says so in its place."""
    program = tmp_path / "PythonSlicer"
    message = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    program.write_text(f'#!/bin/sh\ncase "$*" in *"install"*) echo "{message}"; exit 1;; esac\nexec "{python}" "$@"\n')
    program.chmod(0o755)
    return program


def runServer(installed, server, *words):
    result = subprocess.run(
        [*installed.command(server.folder), *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=server.folder.parent,
    )
    return json.loads(result.stdout)


def processesBelow():
    """All processes that this one has started; those of earlier tests may be among them, such as PyTorch's helpers."""
    return psutil.Process().children(recursive=True)


def leftovers(plan):
    """What lies beside the installation, but for the lock."""
    home = plan.folder.parent
    return sorted(path.name for path in home.iterdir() if path.name != ".server.lock") if home.exists() else []


def test_serverRunsOnWhatWasInstalled(installedOnce):
    installed, plan, server = installedOnce.installed, installedOnce.plan, installedOnce.server
    found = runServer(installed, server, "serve", "--flag")
    assert (found["base"], found["torch"], found["words"]) == ("1.0", "2.0", ["serve", "--flag"])
    assert plan.folder in Path(found["where"]).parents
    assert InstalledServer.load(plan.folder) == installed
    assert installed.isCurrent(server.folder)
    assert leftovers(plan) == ["server"]
    assert list(dict.fromkeys(installedOnce.phases)) == ["preparing", "getting", "installing", "checking"]
    assert "Successfully installed" in installedOnce.log
    assert installedOnce.log.count("\n$ ") >= 3


def test_pythonOfSlicerIsLeftAlone(installedOnce):
    """The installation goes into the environment, whatever the user's settings for pip say."""
    assert installedOnce.packagesBefore == installedOnce.packagesAfter


def test_environmentRunsWithoutTheLauncher(installed, plan, server, python):
    """On Slicer's own standard library, in one process, and without Slicer's packages."""
    assert installed.packages == ""
    isLaunched = Path(python).name == "PythonSlicer"
    assert installed.interpreterPath.name == ("slicer-python" if isLaunched else "python")
    found = runServer(installed, server, "whereabouts")
    assert Path(found["prefix"]) == plan.folder
    if isLaunched:
        assert Path(found["library"]).is_relative_to(Path(python).parents[1] / "lib" / "Python")
    assert not any(
        "site-packages" in folder for folder in found["path"] if not Path(folder).is_relative_to(plan.folder)
    )
    words = [*installed.command(server.folder), "wait"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert json.loads(process.stdout.readline())["pid"] == process.pid
        process.communicate()


@behindTheLauncher
def test_packagesThatSlicerHasAreInstalledAllTheSame(install, server, wheelhouse, tmp_path):
    """Slicer's own packages, which pip sees on PYTHONPATH, are not there when the server runs."""
    for wheel in wheelhouse.folder.iterdir():
        shutil.unpack_archive(wheel, tmp_path / "Slicer's packages", "zip")
    installed = install(PYTHONPATH=str(tmp_path / "Slicer's packages"))
    assert runServer(installed, server)["torch"] == "2.0"


def test_morePackagesAreInstalledBesideThoseOfTheEnvironment(installed, python, environment):
    """As the panel tells the user to do for training: Slicer's own packages do not count as installed there."""
    words = [python, "-m", "pip", "--python", str(installed.interpreterPath), "list", "--format", "json"]
    result = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    names = {package["name"].replace("_", "-") for package in json.loads(result.stdout)}
    assert names == {"base-part", "torch"}


def test_environmentOfASlicerThatHasBeenRemovedIsNone(installed, plan):
    link = plan.folder / "bin" / "python"
    interpreter = link.parent / link.readlink()
    interpreter.unlink()
    interpreter.symlink_to("/nowhere/python-real")
    assert InstalledServer.load(plan.folder) is None


def test_packagesOfOthersDoNotSlipIn(installed, server, monkeypatch, tmp_path):
    (tmp_path / "torch.py").write_text("VERSION = 'stranger'")
    monkeypatch.chdir(tmp_path)
    result = subprocess.run(installed.command(server.folder), capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)["torch"] == "2.0"


def test_withoutVirtualEnvironmentsPackagesGoIntoAFolder(install, plan, server, tmp_path, python):
    """A Python without `venv`, as some programs bring it."""
    crippled = tmp_path / "PythonSlicer"
    crippled.write_text(f'#!/bin/sh\n[ "$2" = venv ] && exit 1\nexec "{python}" "$@"\n')
    crippled.chmod(0o755)
    installed = install(python=crippled)
    assert installed.interpreterPath == crippled
    found = runServer(installed, server)
    assert found["torch"] == "2.0"
    assert plan.folder in Path(found["where"]).parents


@behindTheLauncher
def test_progressCountsBytesFromTheIndex(install, online, wheelhouse, server):
    wheelhouse.add("torch", "2.0", fill=300_000)
    server.pin()
    done = []
    install(onProgress=lambda progress: done.append((progress.package, progress.doneBytes)), **online)
    assert done == sorted(done, key=lambda entry: entry[1])
    assert done[-1][1] == pytest.approx(sum(path.stat().st_size for path in wheelhouse.folder.iterdir()), rel=0.1)
    assert {"torch", "base_part"} <= {package for package, _ in done}


@behindTheLauncher
def test_wrongChecksumInstallsNothing(install, plan, wheelhouse):
    wheelhouse.add("torch", "2.0", fill=10)
    with pytest.raises(UserError) as caught:
        install()
    assert caught.value.code == "wrong_checksum"
    assert leftovers(plan) == []


@behindTheLauncher
def test_noNetwork(install, plan, online, index):
    online["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple/"
    with pytest.raises(UserError) as caught:
        install(**online, PIP_RETRIES="1")
    assert caught.value.code == "no_network"
    assert leftovers(plan) == []


@behindTheLauncher
def test_missingPackageIsNamed(install, wheelhouse):
    for wheel in wheelhouse.folder.glob("torch-*"):
        wheel.unlink()
    with pytest.raises(UserError, match=r"torch==2\.0") as caught:
        install()
    assert caught.value.code == "package_missing"


def test_tooLittleSpaceIsToldBeforehand(install, plan):
    torch = replace(plan.torch, diskBytes=2**62)
    with pytest.raises(UserError) as caught:
        install(plan=replace(plan, torch=torch))
    assert caught.value.code == "disk_full"
    assert "EB" not in caught.value.message
    assert leftovers(plan) == []


@behindTheLauncher
def test_diskThatFillsUpMeanwhile(install, plan, fullDisk):
    with pytest.raises(UserError) as caught:
        install(python=fullDisk)
    assert caught.value.code == "disk_full"
    assert leftovers(plan) == []


def test_folderThatCannotBeWritten(install, plan):
    # Nobody may make folders there, not even root.
    with pytest.raises(UserError) as caught:
        install(plan=replace(plan, folder=Path("/proc/medsamseg/server")))
    assert caught.value.code == "no_permission"
    assert "/proc/medsamseg" in str(caught.value)


@behindTheLauncher
def test_brokenPackageIsNoticedBeforeItCounts(install, plan, server):
    (server.folder / "medsamseg_server" / "__main__.py").write_text("import missing_library")
    with pytest.raises(UserError) as caught:
        install()
    assert caught.value.code == "check_failed"
    assert leftovers(plan) == []


@behindTheLauncher
def test_cancelLeavesNothing(plan, online, python, environment, place, index, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    index.isHolding = True
    variables = {name: value for name, value in online.items() if name != "plan"} | {"TMPDIR": str(temporary)}
    running = PackageInstall(online["plan"], python, {**environment, **variables}, place / "install.log")
    before, results = processesBelow(), []
    thread = threading.Thread(target=lambda: results.append(running.run(lambda _: None)))
    thread.start()
    assert index.held.wait(TIMEOUT)
    children = [each for each in processesBelow() if each not in before]
    running.cancel()
    thread.join(TIMEOUT)
    assert results == [None]
    assert leftovers(plan) == []
    assert list(temporary.iterdir()) == []
    waitUntil(lambda: haveEnded(children))


@behindTheLauncher
def test_cancelDuringTheCheckEndsIt(plan, python, environment, place, server):
    """What is installed is loaded once, which may take a minute."""
    (server.folder / "medsamseg_server" / "__main__.py").write_text(
        "import os, pathlib, time; pathlib.Path(__file__).with_name('checking').touch(); time.sleep(600)"
    )
    running = PackageInstall(plan, python, environment, place / "install.log")
    before, results = processesBelow(), []
    thread = threading.Thread(target=lambda: results.append(running.run(lambda _: None)))
    thread.start()
    waitUntil((server.folder / "medsamseg_server" / "checking").exists, TIMEOUT)
    children = [each for each in processesBelow() if each not in before]
    running.cancel()
    thread.join(TIMEOUT)
    assert results == [None]
    assert leftovers(plan) == []
    waitUntil(lambda: haveEnded(children))


def test_cancelBeforeTheStart(plan, python, environment, place):
    running = PackageInstall(plan, python, environment, place / "install.log")
    running.cancel()
    assert running.run(lambda _: None) is None
    assert leftovers(plan) == []


@behindTheLauncher
def test_twoSlicersAtOnceAndOneIsKilled(install, plan, online, environment, place, index, python):
    """The second is told to wait; when the first is killed, the next installation removes what it left."""
    index.isHolding = True
    first = startElsewhere(plan, environment, online, place, python)
    assert index.held.wait(TIMEOUT)
    with pytest.raises(UserError) as caught:
        install()
    assert caught.value.code == "install_running"
    first.kill()
    first.wait(TIMEOUT)
    assert len(leftovers(plan)) == 1
    assert InstalledServer.load(plan.folder) is None
    assert install() is not None
    assert leftovers(plan) == ["server"]


def startElsewhere(plan, environment, online, place, python):
    """Start an installation from the index in another process."""
    program = f"""
import sys; from pathlib import Path
from MedSAMSegLib.install import packageInstall; from MedSAMSegLib.install.torchBuild import TorchChoice
packageInstall.BASE_BYTES = (0, 0)
plan = packageInstall.InstallPlan(Path({str(plan.folder)!r}), Path({str(plan.sources)!r}), {plan.torch!r})
import os; install = packageInstall.PackageInstall(plan, {python!r}, dict(os.environ), {str(place / "log")!r})
install.run(print)
"""
    variables = {name: value for name, value in online.items() if name != "plan"}
    modules = Path(__file__).resolve().parents[2] / "MedSAMSeg"
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**environment, **variables, "PYTHONPATH": str(modules)},
        stdout=subprocess.DEVNULL,
    )


@behindTheLauncher
def test_updateReplacesTheOldOneWhole(install, installed, plan, server, wheelhouse):
    old = installed
    wheelhouse.add("torch", "3.0")
    (wheelhouse.folder / "torch-2.0-py3-none-any.whl").unlink()
    server.pin()
    assert not old.isCurrent(server.folder)
    new = install()
    assert runServer(new, server)["torch"] == "3.0"
    assert leftovers(plan) == ["server"]


@behindTheLauncher
def test_failedUpdateKeepsTheOldOne(install, installed, plan, server, fullDisk):
    with pytest.raises(UserError):
        install(python=fullDisk)
    assert runServer(installed, server)["torch"] == "2.0"
    assert leftovers(plan) == ["server"]


def test_killedBetweenTheTwoNamesOfAnUpdate(install, installed, plan):
    """The old one has lost its name, the new one has none yet: the new one is complete, so it is kept."""
    plan.folder.rename(plan.folder.with_name("server.partial-0123"))
    (plan.folder.with_name("server.removed-4567")).mkdir()
    with pytest.raises(UserError):
        install(plan=replace(plan, torch=replace(plan.torch, diskBytes=2**62)))
    assert InstalledServer.load(plan.folder) == installed
    assert leftovers(plan) == ["server"]


def test_uninstallGivesTheSpaceBack(installed, plan):
    size = folderBytes(plan.folder)
    assert size > 1000
    assert uninstallServer(plan.folder) == size
    assert leftovers(plan) == []
    assert uninstallServer(plan.folder) == 0


def test_interpreterThatIsGoneMakesItMissing(installed, plan):
    installed.interpreterPath.unlink()
    assert InstalledServer.load(plan.folder) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"interpreter": "python"}', '{"surprise": 1}'])
def test_damagedMarkerMakesItMissing(plan, content):
    plan.folder.mkdir(parents=True)
    (plan.folder / "medsamseg-server.json").write_text(content)
    assert InstalledServer.load(plan.folder) is None
