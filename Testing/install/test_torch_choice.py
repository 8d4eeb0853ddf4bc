"""Which build of PyTorch a computer gets, and what pip is told."""

import subprocess

import pytest

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.install import torchBuild
from MedSAMSegLib.install.torchBuild import Computer, chooseTorch
from MedSAMSegLib.server.dataFolders import serverFolder


@pytest.mark.parametrize(
    ("computer", "key", "index"),
    [
        (Computer("Linux", "x86_64"), "cpu", "https://download.pytorch.org/whl/cpu"),
        (Computer("Linux", "x86_64", 580), "cuda", ""),
        (Computer("Linux", "x86_64", 535), "cpu", "https://download.pytorch.org/whl/cpu"),
        (Computer("Windows", "AMD64"), "cpu", ""),
        (Computer("Windows", "AMD64", 590), "cuda", "https://download.pytorch.org/whl/cu130"),
        (Computer("Darwin", "arm64"), "mps", ""),
    ],
)
def test_buildForAComputer(computer, key, index):
    choice = chooseTorch(computer)
    assert (choice.key, choice.index) == (key, index)
    assert bool(choice.note) == (computer.driver == 535)


def test_graphicsCardMayBeLeftUnused():
    assert chooseTorch(Computer("Linux", "x86_64", 600), processorOnly=True).key == "cpu"


@pytest.mark.parametrize(
    ("computer", "code"),
    [
        (Computer("Darwin", "x86_64"), "intel_mac"),
        (Computer("Linux", "aarch64"), "platform_unsupported"),
    ],
)
def test_computerWithoutABuildIsExplained(computer, code):
    with pytest.raises(UserError) as caught:
        chooseTorch(computer)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("driver", [None, 600])
def test_everythingFromPyPIHasItsChecksum(driver):
    steps = chooseTorch(Computer("Linux", "x86_64", driver)).pipSteps(serverFolder() / "requirements")
    for step in steps:
        assert ("--require-hashes" in step) == ("--extra-index-url" not in step)
    assert all(step[-1].startswith("torch==2.") for step in steps if "--extra-index-url" in step)


def test_everyPinnedPackageHasAChecksum():
    for path in (serverFolder() / "requirements").glob("*.txt"):
        stanzas = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        packages = [stanza for stanza in stanzas if stanza and not stanza.startswith("#")]
        assert packages
        assert [package for package in packages if "==" not in package or "--hash=sha256:" not in package] == []


def test_pinnedPackagesCoverWhatTheServerAsksFor():
    folder = serverFolder()
    asked = torchBuild.re.findall(
        r'^    "([A-Za-z-]+)[>=]', (folder / "pyproject.toml").read_text(encoding="utf-8"), torchBuild.re.M
    )
    # What the server needs comes first, then extras that an installation does without.
    needed = {name.lower() for name in asked[: asked.index("uvicorn") + 1]}
    pinned = "".join(path.read_text(encoding="utf-8") for path in (folder / "requirements").glob("*.txt"))
    assert {name for name in needed if f"\n{name}==" not in pinned} == set()


def test_driverIsAskedFromTheProgramOfNVIDIA(monkeypatch):
    answer = subprocess.CompletedProcess([], 0, stdout="581.42\n581.42\n")
    monkeypatch.setattr(torchBuild.Path, "read_text", lambda *_: (_ for _ in ()).throw(OSError))
    monkeypatch.setattr(torchBuild.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(torchBuild.subprocess, "run", lambda *_, **__: answer)
    assert torchBuild.nvidiaDriver() == 581
    answer.stdout = "NVIDIA-SMI has failed"
    assert torchBuild.nvidiaDriver() is None
