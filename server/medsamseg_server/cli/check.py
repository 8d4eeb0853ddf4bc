"""``medsamseg check``: does everything that the server stands on load on this computer?"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import platform

from medsamseg_server import __version__
from medsamseg_server.cli.output import add_output_options, print_json, say
from medsamseg_server.errors import ErrorKind, MedSAMSegError

# Distribution and module of each package with compiled parts: what is missing on a computer shows when they load.
_PACKAGES = {
    "torch": "torch",
    "openvino": "openvino",
    "numpy": "numpy",
    "opencv-python-headless": "cv2",
    "pillow": "PIL.Image",
    "pydantic": "pydantic",
    "scikit-image": "skimage.transform",
    "SimpleITK": "SimpleITK",
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "httpx": "httpx",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``check``."""
    parser = subparsers.add_parser(
        "check",
        help="load everything that is needed, and say where networks would run",
        description="Load every package that is needed, the networks included, and say where they would run.",
    )
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Load everything and show the versions."""
    versions = {"medsamseg": __version__, "python": platform.python_version()}
    for distribution, module in _PACKAGES.items():
        try:
            importlib.import_module(module)
        # A library that does not load ends in whatever its package makes of that.
        except Exception as error:
            raise MedSAMSegError(
                ErrorKind.INTERNAL,
                "package_broken",
                f"The package {distribution} does not load: {error}.",
                "Install it again. On Windows, PyTorch needs Microsoft's Visual C++ runtime.",
            ) from error
        versions[distribution] = importlib.metadata.version(distribution)
    # Imported here because it stands on torch, which has just been tried.
    from medsamseg_server.models import networks  # noqa: F401
    from medsamseg_server.runtime.torch_runtime import select_device

    device = select_device("auto")
    for name, version in versions.items():
        say(args, f"{name:<24}{version}")
    say(args, f"Networks run on: {device}")
    if args.json:
        print_json({"versions": versions, "device": device})
    return 0
