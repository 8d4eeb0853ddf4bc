#!/usr/bin/env bash
# Makes the development environment: system libraries, virtual environment, pinned Python packages.
# Run again, it finds its own stamp and returns at once. PYTHON=... chooses the interpreter.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/.venv
stamp=$venv/medsamseg-environment

fail() {
    echo "setup: $*" >&2
    exit 1
}

wanted_stamp() {
    cat "$here"/*.txt "$here/setup.sh" "$root/server/pyproject.toml" | sha256sum | cut -d' ' -f1
}

is_supported_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.12 python3.11}; do
        if is_supported_python "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or 3.12 found (tried: ${PYTHON:-python3, python3.12, python3.11})." \
        "Install one, or name it: make PYTHON=/path/to/python3.12 ..."
}

apt_install() {
    if [ "$(id -u)" != 0 ]; then
        fail "these system packages are missing: $*" $'\n'"Install them with: sudo apt-get install $*"
    fi
    echo "setup: installing system packages: $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

# With the names that a package stands in for: Ubuntu 24.04 has libglib2.0-0 as libglib2.0-0t64.
installed_packages() {
    dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' |
        sed -n 's/^installed //p' | tr ',' '\n' | sed 's/(.*//; s/ //g; /^$/d'
}

# Off-screen rendering needs OpenGL libraries that a server installation does not have.
install_system_packages() {
    if ! command -v dpkg-query >/dev/null; then
        echo "setup: not a Debian or Ubuntu system; these libraries are expected to be there:" \
            "$(paste -sd' ' "$here/system-packages.txt")" >&2
        return
    fi
    local missing
    mapfile -t missing < <(grep -vxFf <(installed_packages) "$here/system-packages.txt")
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

create_venv() {
    local python=$1
    # Debian splits ensurepip off into python3-venv, and venv fails without it.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

if [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted_stamp)" ]; then
    exit 0
fi
install_system_packages
if ! is_supported_python "$venv/bin/python"; then
    # On its own line: a failure inside a command's arguments would not stop the script.
    python=$(find_python)
    create_venv "$python"
fi
echo "setup: installing Python packages into .venv (about 3 GB; a few minutes the first time)"
# Not compiled: of 17,000 files the tests import a fifth, which compile.sh compiles.
pip_install=("$venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check)
# Two calls at a time, since unpacking takes pip most of its time and one processor; from the end, where the largest are.
grep -v '^#' "$here/constraints.txt" | tac | xargs -P 2 -n 12 "${pip_install[@]}" --no-deps || true
# What is not there yet, or could not be installed so.
"${pip_install[@]}" --constraint "$here/constraints.txt" --requirement "$here/requirements.txt" \
    --editable "$root/server[evaluate,export,group,nninteractive,train]"
rm -f "$venv/medsamseg-compiled"
wanted_stamp >"$stamp"
