"""The commands for every kind of image in README.md, as written."""

import csv
import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
import SimpleITK as sitk
from examplePrograms import EXAMPLES, dice, runAsProgram

from medsamseg_server.cli import engine_options as engineOptions
from medsamseg_server.cli import main as medsamseg

PAGE = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
#: (kind of image, what is behind ``medsamseg``).
COMMANDS = re.findall(
    r"^\| ([^|]+) \| `medsamseg ([^`]+)` \|$", PAGE[PAGE.index("## Ten kinds of images") :], re.MULTILINE
)
#: Center and radii of the ellipses that the example draws, in pixels.
DRAWN = {"xray.png": (110, 190, 50, 90), "dermoscopy.png": (200, 150, 80, 60)}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """The folder in which the example has put its images."""
    folder = tmp_path_factory.mktemp("modalities")
    (folder / "MedSAMSeg").symlink_to(EXAMPLES.parent / "MedSAMSeg")
    assert runAsProgram("09_every_modality.py", folder) == []
    return folder


@pytest.fixture(scope="module")
def oneEngine():
    """The network is loaded once for all commands."""
    make, shared = engineOptions.make_engine, []

    def sharedEngine(*how):
        shared.extend([] if shared else [make(*how)])
        return shared[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engineOptions, "make_engine", sharedEngine)
        yield


def test_thereAreTenInTheFirstTable():
    assert len(COMMANDS) == 10
    assert re.search(r"^\|.*", PAGE, re.MULTILINE).group() == "| kind | command |"


@pytest.mark.usefixtures("oneEngine")
@pytest.mark.parametrize("kind, command", COMMANDS, ids=[kind for kind, _command in COMMANDS])
def test_everyModality(kind, command, images, monkeypatch, capsys):
    monkeypatch.chdir(images)
    arguments = shlex.split(command)
    assert medsamseg(arguments) == 0, capsys.readouterr().err
    output = Path(arguments[arguments.index("-o") + 1])
    assert output.exists()
    if output.name in DRAWN:
        x, y, width, height = DRAWN[output.name]
        found = sitk.GetArrayFromImage(sitk.ReadImage(output)) > 0
        truth = cv2.ellipse(np.zeros(found.shape, np.uint8), (x, y), (width, height), 20, 0, 360, 1, -1) > 0
        assert dice(found, truth) > 0.95
    table = Path("endoscopy.frames.csv")
    if "endoscopy" in command:
        with table.open(encoding="utf-8") as file:
            assert sum(int(row["found"]) for row in csv.DictReader(file)) == 8


def test_theTwoDrawnPicturesAreAmongThem():
    outputs = {shlex.split(command)[shlex.split(command).index("-o") + 1] for _kind, command in COMMANDS}
    assert outputs >= set(DRAWN)
