"""Where a network runs."""

import sys

# OpenVINO tells its makers of every import and keeps an identifier of the user in ~/intel, unless the package that
# does so is not there: then it has a stub in its place.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
