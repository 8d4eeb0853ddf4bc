"""Every numbered example, as a user runs it: in the host's scene, or as a program; with the real server and weights."""

import ast
import csv
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from medsamseg_server.cli import engine_options as engineOptions
from medsamseg_server.cli import main as medsamseg

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SAMPLE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData"
OUTLINE = sitk.GetArrayFromImage(sitk.ReadImage(SAMPLE / "RiderChestCTTumour.nrrd")) > 0

#: What all results share: on the slice of the box they reach more (about 0.9); below, something is broken.
LEAST_DICE = 0.85


def runInSlicer(name, capsys):
    """:return: what an example left in the console's namespace, and the lines that it printed."""
    left = runpy.run_path(str(EXAMPLES / name))
    return left, capsys.readouterr().out.splitlines()


def runAsProgram(name, folder):
    """:return: the lines that an example printed as a program in a folder of its own."""
    command = [sys.executable, "-W", "error::ResourceWarning", str(EXAMPLES / name)]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def voxelsOf(left, segment="segment"):
    """:return: voxels of a segment that an example made, as bool (K, J, I)."""
    segmentation, volume = left["segmentation"], left["volume"]
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, left[segment], volume) > 0


def dice(found, expected):
    return 2 * (found & expected).sum() / (found.sum() + expected.sum())


def slicesOf(voxels):
    return np.flatnonzero(voxels.any(axis=(1, 2))).tolist()


def voxelCount(line):
    return int(re.search(r"(\d+) voxels", line).group(1))


def test_examplesAreNumberedShortAndTested():
    names = sorted(path.name for path in EXAMPLES.iterdir() if path.name != "__pycache__")
    assert [name[:3] for name in names] == [f"{number:02d}_" for number in range(1, len(names) + 1)]
    tested = Path(__file__).read_text(encoding="utf-8")
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


def test_everyModality(tmp_path, monkeypatch, capsys):
    """The commands for every kind of image in docs/command-line.md, as written."""
    (tmp_path / "MedSAMSeg").symlink_to(EXAMPLES.parent / "MedSAMSeg")
    assert runAsProgram("09_every_modality.py", tmp_path) == []
    monkeypatch.chdir(tmp_path)
    make, shared = engineOptions.make_engine, []

    def sharedEngine(*how):
        # The network is loaded once for all commands.
        shared.extend([] if shared else [make(*how)])
        return shared[0]

    monkeypatch.setattr(engineOptions, "make_engine", sharedEngine)
    page = (EXAMPLES.parent / "docs" / "command-line.md").read_text(encoding="utf-8")
    table = page[page.index("## Every kind of image") :]
    commands = re.findall(r"^\| ([^|]+) \| `medsamseg ([^`]+)` \|$", table, re.MULTILINE)
    assert len(commands) == 10
    for kind, command in commands:
        arguments = shlex.split(command)
        assert medsamseg(arguments) == 0, (kind, capsys.readouterr().err)
        assert Path(arguments[arguments.index("-o") + 1]).exists(), kind
    drawn = {"xray.png": (110, 190, 50, 90), "dermoscopy.png": (200, 150, 80, 60)}
    for name, (x, y, width, height) in drawn.items():
        found = sitk.GetArrayFromImage(sitk.ReadImage(name)) > 0
        truth = cv2.ellipse(np.zeros(found.shape, np.uint8), (x, y), (width, height), 20, 0, 360, 1, -1) > 0
        assert dice(found, truth) > 0.95, name
    with Path("endoscopy.frames.csv").open(encoding="utf-8") as file:
        assert sum(int(row["found"]) for row in csv.DictReader(file)) == 8
