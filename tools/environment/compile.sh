#!/usr/bin/env bash
# Compiles what the tests import, once, by collecting them: the processes that run them start together, and each would
# compile what all import.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
stamp=$root/.venv/medsamseg-compiled

if [ -e "$stamp" ]; then
    exit 0
fi
cd "$root"
env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m pytest --collect-only -q >/dev/null 2>&1 || true
touch "$stamp"
