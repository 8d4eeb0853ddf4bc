"""The extension as the index checks it and as CMake installs it; and that each check notices what it is for."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import indexRules
import moduleRules
import pytest
import staging
from complaints import NAME, Repository
from sourceChecks import SOURCE_CHECKS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path):
    """A copy of what the checks look at, to be broken."""
    for name in ("CMakeLists.txt", f"{NAME}.json", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    ignore = shutil.ignore_patterns("__pycache__", "*.nrrd")
    shutil.copytree(ROOT / NAME, tmp_path / NAME, ignore=ignore)
    shutil.copytree(ROOT / "Resources", tmp_path / "Resources")
    return Repository(tmp_path)


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Folder of modules, as CMake installs them."""
    return staging.install(ROOT, tmp_path_factory.mktemp("an installation"))


def replace(repository, file, old, new):
    path = repository.root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("check", SOURCE_CHECKS, ids=lambda check: check.__name__)
def test_repositoryIsWhatTheIndexAsksFor(check):
    assert list(check(Repository(ROOT))) == []


@pytest.mark.parametrize(
    ("check", "file", "old", "new"),
    [
        (indexRules.checkEntry, "MedSAMSeg.json", '"Segmentation"', '"Segmenting"'),
        (indexRules.checkEntry, "MedSAMSeg.json", '"tier": 1', '"tier": 2'),
        (indexRules.checkEntry, "MedSAMSeg.json", '"tier"', '"status"'),
        (indexRules.checkEntry, "MedSAMSeg.json", "/SlicerMedSAMSeg", "/MedSAMSeg"),
        (indexRules.checkEntry, "MedSAMSeg.json", "https://github", "ssh://github"),
        (indexRules.checkEntry, "MedSAMSeg.json", "v1.0.1", "v0"),
        (indexRules.checkEntry, "MedSAMSeg.json", "  ", "    "),
        (indexRules.checkRootCMake, "CMakeLists.txt", "cmake_minimum", "# project(Other)\ncmake_minimum"),
        (indexRules.checkRootCMake, "CMakeLists.txt", "EXTENSION_HOMEPAGE", "EXTENSION_PAGE"),
        (indexRules.checkRootCMake, "CMakeLists.txt", '"NA"', '"PyTorch"'),
        (indexRules.checkRootCMake, "CMakeLists.txt", "main/Resources/MedSAMSeg", "main/Resources/${PROJECT_NAME}"),
        (indexRules.checkPictures, "CMakeLists.txt", "Resources/MedSAMSeg.png", "Resources/Icon.png"),
        (indexRules.checkPictures, "CMakeLists.txt", "Resources/MedSAMSeg.png", "LICENSE"),
        (indexRules.checkPictures, "CMakeLists.txt", "Resources/MedSAMSeg.png", "Resources/Screenshots/box.png"),
        (indexRules.checkPictures, "CMakeLists.txt", 'overview.png")', 'overview.png" )'),
        (indexRules.checkLicense, "README.md", "Apache License 2.0", "license"),
        (moduleRules.checkListedFiles, "MedSAMSeg/CMakeLists.txt", "  ${MODULE_NAME}Lib/errors.py\n", ""),
        (moduleRules.checkListedFiles, "MedSAMSeg/CMakeLists.txt", "Lib/errors.py", "Lib/mistakes.py"),
        (
            moduleRules.checkImports,
            "MedSAMSeg/MedSAMSegLib/errors.py",
            "class UserError",
            "import torch\n\nclass UserError",
        ),
        (moduleRules.checkImports, "MedSAMSeg/MedSAMSegLib/errors.py", "class UserError", "print()\nclass UserError"),
        (moduleRules.checkTranslations, "MedSAMSeg/MedSAMSeg.py", '_("MedSAMSeg")', '"MedSAMSeg"'),
        (moduleRules.checkTranslations, "MedSAMSeg/MedSAMSeg.py", '_("MedSAMSeg")', '_(f"MedSAMSeg {1}")'),
    ],
)
def test_mistakeIsNoticed(copy, check, file, old, new):
    replace(copy, file, old, new)
    assert list(check(copy)) != []


def test_untranslatedTextIsNoticed(copy):
    (copy.module / "MedSAMSegLib" / "errors.py").write_text('label.text = f"{count} voxels"\n')
    assert "errors.py:1" in next(moduleRules.checkTranslations(copy))


def test_moduleBesideTheModuleIsNoticed(copy):
    (copy.module / "helpers.py").touch()
    assert list(moduleRules.checkModuleFolder(copy)) != []


def test_missingLicenseIsNoticed(copy):
    (copy.root / "LICENSE").rename(copy.root / "LICENSE.md")
    assert list(indexRules.checkLicense(copy)) != []


def test_tooLargeACloneIsNoticed(monkeypatch):
    monkeypatch.setattr(indexRules, "CLONE_LIMIT_BYTES", 10**6)
    assert list(indexRules.checkCloneSize(Repository(ROOT))) != []


def test_cmakeDeclaresTheModuleAndItsTest(installed):
    declared = (installed.parents[3] / "build" / "declared.txt").read_text()
    assert declared.splitlines() == ["extension MedSAMSeg", "modules MedSAMSeg", "tests MedSAMSeg.py"]


def test_forgottenFileFailsTheInstallation(copy, tmp_path_factory):
    (copy.module / "MedSAMSegLib" / "errors.py").unlink()
    with pytest.raises(RuntimeError, match=r"(?s)nonexistent.*errors\.py"):
        staging.install(copy.root, tmp_path_factory.mktemp("staging"))


def test_installationHasModuleAndServerAndNothingElse(installed):
    assert list(staging.differences(Repository(ROOT), installed)) == []
    assert {path.name for path in installed.iterdir()} == {
        "MedSAMSeg.py",
        "MedSAMSegLib",
        "MedSAMSegServer",
        "Resources",
    }
    assert [path for path in installed.rglob("*") if path.suffix in (".pth", ".pt", ".pyc")] == []


def test_installedModuleStartsWithNothingButSlicer(installed, tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MEDSAMSEG"))}
    command = [sys.executable, Path(__file__).with_name("startInHost.py"), installed]
    environment.update(MEDSAMSEG_HOME=str(tmp_path), PATH="/usr/bin:/bin")
    result = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert Path(found["module"]).parent == installed
    assert installed in Path(found["library"]).parents
    assert str(tmp_path) in found["install"]
    assert "test went without the server" in result.stderr
    assert found["messages"] == []


@pytest.mark.timeout(1200)
def test_checkForARealSlicerPassesInTheHost(installed, tmp_path):
    """`inSlicer.py` as it is, with the server and the weights of these tests."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment.update(MEDSAMSEG_PYTHON=sys.executable, MEDSAMSEG_PICTURES=str(tmp_path / "pictures"))
    command = [sys.executable, Path(__file__).with_name("runInHost.py"), installed, ROOT / "Testing" / "inSlicer.py"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Saved and loaded." in (tmp_path / "pictures" / "report.txt").read_text(encoding="utf-8")
    names = sorted(path.stem for path in (tmp_path / "pictures").glob("*.png"))
    assert names == ["1 opened", "3 box", "4 propagated", "5 loaded"]


def test_checkForARealSlicerNoticesWhatIsWrong(installed, tmp_path):
    """Without a server, and with no way to get one: the script fails, and keeps why."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MEDSAMSEG"))}
    environment.update(MEDSAMSEG_PICTURES=str(tmp_path / "pictures"), MEDSAMSEG_PYTHON="/nowhere/python")
    command = [sys.executable, Path(__file__).with_name("runInHost.py"), installed, ROOT / "Testing" / "inSlicer.py"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode != 0
    assert (tmp_path / "pictures" / "failure.txt").stat().st_size > 0
