#!/bin/sh
# "import openvino" alone asks for a web analytics service and leaves an identifier and a counter in ~/intel: nothing was loaded, compiled or run, and
# nobody was asked. It does so through the package openvino-telemetry, which pip installs with it; without that package it does not.
# Programs that promise that nothing leaves the computer have to keep it out themselves.
# Seen with openvino 2026.4.1 and openvino-telemetry 2025.2.0. Nothing is sent here: names of hosts are noted, and not looked up.
# Fails when the import no longer does it.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openvino==2026.4.1 openvino-telemetry==2025.2.0
cat > "$folder/imported.py" <<'PYTHON'
import socket
import sys


def note_only(host, *arguments, **options):
    """The package asks from a process of its own, which prints into the same output."""
    print("asks for", host, flush=True)
    raise socket.gaierror(f"{host} is not looked up here")


socket.getaddrinfo = note_only
if "without" in sys.argv:
    sys.modules["openvino_telemetry"] = None
import openvino  # noqa: E402, F401

print("imported")
PYTHON
mkdir "$folder/with" "$folder/without"
with=$(HOME="$folder/with" "$folder/venv/bin/python" "$folder/imported.py")
without=$(HOME="$folder/without" "$folder/venv/bin/python" "$folder/imported.py" without)
echo "with the package: $with; files left in the home folder:"
(cd "$folder/with" && find . -type f)
echo "without it: $without"
echo "$with" | grep -q analytics
test -f "$folder/with/intel/openvino_ga_cid"
test "$without" = imported
test -z "$(find "$folder/without" -type f)"
