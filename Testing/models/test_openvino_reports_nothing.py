"""OpenVINO tells its makers of its use; not where MedSAMSeg loads it."""

import os
import subprocess
import sys

PROGRAM = """
from medsamseg_server.runtime import openvino_conversion, openvino_runtime
from openvino.tools.ovc import telemetry, telemetry_utils
print(type(telemetry).__module__)
"""


def test_nothing_is_reported_or_left_in_the_home(tmp_path):
    # On a build machine, which these variables tell of, OpenVINO reports nothing anyway.
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    environment = {**kept, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
    assert list(tmp_path.iterdir()) == []
