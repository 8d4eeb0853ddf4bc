"""What loading a network imports, and that OpenVINO, which tells its makers of its use, does not where we load it."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

# One process for all: PyTorch takes more than a second to import.
PROGRAM = """
import json, sys
import medsamseg_server.models.preprocessing, medsamseg_server.models.predictor
without_networks = sorted(sys.modules)
import medsamseg_server.runtime.torch_runtime
with_pytorch = sorted(sys.modules)
from medsamseg_server.runtime import openvino_conversion, openvino_runtime
from openvino.tools.ovc import telemetry, telemetry_utils
print(json.dumps([without_networks, with_pytorch, type(telemetry).__module__]))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Names of modules, the telemetry that OpenVINO has found, and the user's folder."""
    home = tmp_path_factory.mktemp("home")
    # On a build machine, which these variables tell of, OpenVINO reports nothing anyway.
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    environment = {**kept, "HOME": str(home), "USERPROFILE": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    without_networks, with_pytorch, telemetry = json.loads(done.stdout)
    return SimpleNamespace(
        without_networks=set(without_networks), with_pytorch=set(with_pytorch), telemetry=telemetry, home=home
    )


def test_specifications_and_preprocessing_do_without_torch(imported):
    assert "numpy" in imported.without_networks
    assert "torch" not in imported.without_networks


def test_torchvision_is_not_imported(imported):
    assert "torch" in imported.with_pytorch
    assert not {"torchvision", "segment_anything"} & imported.with_pytorch


def test_nothing_is_reported_or_left_in_the_home(imported):
    assert imported.telemetry == "openvino.tools.ovc.telemetry_stub"
    assert list(imported.home.iterdir()) == []
