"""The stand-in for PythonSlicer is as unforgiving as the real one."""

import json
import os
import signal
import subprocess

import pytest
from launcher import SlicerLayout
from processTree import treeOf


@pytest.fixture(scope="session")
def layout(tmp_path_factory):
    """Slicer's folders."""
    return SlicerLayout(tmp_path_factory.mktemp("layout") / "Slicer")


def run(program, *words, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
    command = [str(program), *words]
    return subprocess.run(command, env={**environment, **variables}, capture_output=True, text=True, check=False)


def test_interpreterFindsNothingWithoutTheLauncher(layout):
    result = run(layout.pythonReal, "-c", "", LD_LIBRARY_PATH=str(layout.standardLibrary.parent))
    assert result.returncode != 0
    assert "No module named 'encodings'" in result.stderr


def test_interpreterRunsInSlicersEnvironment(layout):
    say = "import json, os, sys; print(json.dumps([sys.executable, sys.prefix, dict(os.environ)]))"
    executable, prefix, variables = json.loads(run(layout.pythonSlicer, "-c", say, PYTHONPATH="/mine").stdout)
    assert executable == str(layout.pythonReal)
    assert prefix == variables["PYTHONHOME"] == str(layout.folder / "lib" / "Python")
    assert variables["PYTHONNOUSERSITE"] == "1"
    assert variables["PYTHONPATH"].split(os.pathsep)[-2:] == [str(layout.sitePackages), "/mine"]
    assert variables["APPLAUNCHER_0_PYTHONPATH"] == "/mine"


@pytest.mark.parametrize(
    ("program", "status", "said"),
    [
        ("import sys; sys.exit(7)", 7, ""),
        ("import os; os.kill(os.getpid(), 9)", 1, "exit abnormally"),
    ],
)
def test_statusIsTheInterpreters(layout, program, status, said):
    result = run(layout.pythonSlicer, "-c", program)
    assert result.returncode == status
    assert said in result.stderr


def test_optionsOfTheLauncherAreRefused(layout):
    assert run(layout.pythonSlicer, "--launcher-verbose").returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_interpreterOutlivesItsLauncher(layout, number):
    say = "import sys; print('runs', flush=True); sys.stdin.read(); print('still runs')"
    words = [str(layout.pythonSlicer), "-c", say]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout.readline() == "runs\n"
        assert len(treeOf(launcher.pid)) == 2
        launcher.send_signal(number)
        assert launcher.wait() == -number
        launcher.stdin.close()
        assert launcher.stdout.read() == "still runs\n"
