"""Every numbered example, as a user runs it: in the host's scene, or as a program; with the real server and weights."""

import ast
import re
import runpy
import shlex
from pathlib import Path

import cv2
import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from examplePrograms import EXAMPLES, dice, runAsProgram

from medsamseg_server.cli import main as medsamseg

SAMPLE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData"
OUTLINE = sitk.GetArrayFromImage(sitk.ReadImage(SAMPLE / "RiderChestCTTumour.nrrd")) > 0

#: What all results share: on the slice of the box they reach more (about 0.9); below, something is broken.
LEAST_DICE = 0.85


def runInSlicer(name, capsys):
    """:return: what an example left in the console's namespace, and the lines that it printed."""
    left = runpy.run_path(str(EXAMPLES / name))
    return left, capsys.readouterr().out.splitlines()


def voxelsOf(left, segment="segment"):
    """:return: voxels of a segment that an example made, as bool (K, J, I)."""
    segmentation, volume = left["segmentation"], left["volume"]
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, left[segment], volume) > 0


def slicesOf(voxels):
    return np.flatnonzero(voxels.any(axis=(1, 2))).tolist()


def voxelCount(line):
    return int(re.search(r"(\d+) voxels", line).group(1))


def test_examplesAreNumberedShortAndTested():
    names = sorted(path.name for path in EXAMPLES.iterdir() if path.name != "__pycache__")
    assert [name[:3] for name in names] == [f"{number:02d}_" for number in range(1, len(names) + 1)]
    tested = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for name in names:
        source = (EXAMPLES / name).read_text(encoding="utf-8")
        assert 10 <= len(source.splitlines()) <= 40, name
        assert ast.get_docstring(ast.parse(source)), name
        assert f'("{name}", ' in tested, f"no test runs {name}"


def test_oneBox(sharedServer, capsys):
    left, lines = runInSlicer("01_one_box.py", capsys)
    found = voxelsOf(left)
    assert slicesOf(found) == [24]
    assert dice(found[24], OUTLINE[24]) > LEAST_DICE
    assert lines == [f"litemedsam found {found.sum()} voxels in the box on slice 24"]


def test_throughTheVolume(sharedServer, capsys):
    left, lines = runInSlicer("02_through_the_volume.py", capsys)
    found = voxelsOf(left)
    assert slicesOf(found) == list(range(20, 29))
    assert dice(found[20:29], OUTLINE[20:29]) > LEAST_DICE
    assert re.fullmatch(r"slice \d+ done \(1 of at most \d+\)", lines[0])
    assert lines[-1] == "The tumor is on slices 20 to 28"


def test_twoSegmentsTogether(sharedServer, capsys):
    left, lines = runInSlicer("03_two_segments_together.py", capsys)
    tumor, trachea = voxelsOf(left, "tumor"), voxelsOf(left, "trachea")
    assert lines == [f"{name}: slices [22, 23, 24, 25, 26]" for name in ("Tumor", "Trachea")]
    assert slicesOf(tumor) == slicesOf(trachea) == list(range(22, 27))
    assert not (tumor & trachea).any()
    # Air in the one, soft tissue in the other.
    voxels = slicer.util.arrayFromVolume(left["volume"])
    assert np.median(voxels[trachea]) < -900 < -100 < np.median(voxels[tumor])


def test_checkAndAccept(sharedServer, capsys):
    left, lines = runInSlicer("04_check_and_accept.py", capsys)
    states = left["logic"].slices(left["segmentation"], left["volume"], left["segment"], axis=0)
    locked = [state.index for state in states if state.isLocked]
    assert [state.index for state in states] == list(range(22, 27))
    assert re.fullmatch(rf"Look at slice {locked[0]}: propagated, confidence 0\.\d\d|.*1\.00", lines[0])
    assert locked == [left["worst"].index]


def test_serverOneSlice(tmp_path):
    lines = runAsProgram("05_server_one_slice.py", tmp_path)
    tumor, trachea = voxelCount(lines[0]), voxelCount(lines[1])
    assert tumor == pytest.approx(OUTLINE[24].sum(), rel=0.3)
    assert 100 < trachea < 18 * 20
    assert lines[2] == "Array of the first mask: (256, 256)"


def test_serverWholeVolume(tmp_path):
    lines = runAsProgram("06_server_whole_volume.py", tmp_path)
    found = sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / "tumor.seg.nrrd")) > 0
    assert slicesOf(found) == list(range(20, 29))
    assert dice(found[20:29], OUTLINE[20:29]) > LEAST_DICE
    assert sorted(line.split(":")[0] for line in lines[:-1]) == [f"slice {index}" for index in range(20, 29)]
    assert re.fullmatch(r"\d+\.\d ml written to tumor\.seg\.nrrd", lines[-1])


def test_httpOneSlice(tmp_path):
    (line,) = runAsProgram("07_http_one_slice.py", tmp_path)
    assert voxelCount(line) == pytest.approx(OUTLINE[24].sum(), rel=0.3)


def test_httpPropagation(tmp_path):
    lines = runAsProgram("08_http_propagation.py", tmp_path)
    assert lines[0].strip() == "start" and lines[-1].strip() == "done"
    assert sorted(line for line in lines if line.startswith("slice")) == [f"slice {index}" for index in range(22, 27)]


def readmeBlock(language):
    """:return: the lines of a block of code in README's first screen, as typed."""
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    return re.search(rf"```{language}\n(.*?)```", readme, re.DOTALL).group(1).replace("\\\n", " ")


@pytest.mark.full
def test_readmesFirstMaskInSlicer(sharedServer):
    left = {"slicer": slicer}
    slicer.util.loadVolume(str(SAMPLE / "RiderChestCT.nrrd"))
    exec(readmeBlock("python"), left)
    found = voxelsOf(left, "tumor")
    assert dice(found, OUTLINE) > LEAST_DICE


@pytest.mark.full
def test_readmesFirstMaskOnTheCommandLine(tmp_path, monkeypatch):
    (tmp_path / "MedSAMSeg").symlink_to(EXAMPLES.parent / "MedSAMSeg")
    monkeypatch.chdir(tmp_path)
    (line,) = (line for line in readmeBlock("console").splitlines() if "medsamseg segment" in line)
    assert medsamseg(shlex.split(line)[2:]) == 0
    found = sitk.GetArrayFromImage(sitk.ReadImage("tumor.seg.nrrd")) > 0
    assert dice(found, OUTLINE) > LEAST_DICE


@pytest.mark.full
def test_filmOfTheTutorialOnTheCommandLine(tmp_path, monkeypatch):
    """The command for the sample film in docs/first-mask.md, as written."""
    (tmp_path / "MedSAMSeg").symlink_to(EXAMPLES.parent / "MedSAMSeg")
    monkeypatch.chdir(tmp_path)
    page = (EXAMPLES.parent / "docs" / "first-mask.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"^\$ medsamseg (segment \S+\.seq\.nrrd .*)$", page, re.MULTILINE)
    assert medsamseg(shlex.split(line)) == 0
    masks = [sitk.GetArrayFromImage(sitk.ReadImage(f"cyst_{number:02}.nrrd"))[0] > 0 for number in range(24)]
    scores = [dice(mask, _cyst(number, mask.shape)) for number, mask in enumerate(masks)]
    assert np.mean(scores) > 0.95


def _cyst(number, shape):
    """What tools/sampleFilm has drawn on a frame of the sample film."""
    phase = 2 * np.pi * number / 24
    center = round(100 + 40 * np.sin(phase)), round(82 + 14 * np.cos(phase))
    radii = round(26 + 4 * np.cos(2 * phase)), round(19 + 3 * np.cos(2 * phase))
    return cv2.ellipse(np.zeros(shape, np.uint8), center, radii, 15, 0, 360, 1, -1) > 0
