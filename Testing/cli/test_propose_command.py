"""`medsamseg propose`, with a network to which every bright object under a point is one."""

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from skimage.measure import label

from medsamseg_server.cli import propose
from medsamseg_server.engine.engine import Engine
from medsamseg_server.models.predictor import Alternatives
from medsamseg_server.models.specification import ModelSpecification

WINDOW = ["--window", "255,127.5"]


class BrightObjects:
    """Stands in for `Predictor`: the object under a point, and its brightest part; larger ones are better."""

    weights_sha256 = "fa" * 32
    precision = "fp32"
    device = "cpu"

    def __init__(self, specification: ModelSpecification):
        self.specification = specification

    def at(self, input_size):
        return self

    def prepare(self, image):
        gray = image.mean(axis=2) if image.ndim == 3 else image
        prepared = np.zeros((3, 256, 256), np.float32)
        prepared[:, : gray.shape[0], : gray.shape[1]] = gray / np.float32(255)
        return prepared

    def encode_prepared(self, prepared):
        embedding = np.zeros((256, 64, 64), np.float32)
        embedding.reshape(-1)[: 256 * 256] = prepared[0].ravel()
        return embedding

    def alternatives(self, embedding, image_size, points, least_score):
        frame = embedding.reshape(-1)[: 256 * 256].reshape(256, 256)
        masks, numbers = [], []
        for number, (x, y) in enumerate(points.astype(int)):
            # As large as the level says: the brighter ones of an object are a part of it.
            for level in {0.5, 0.8} if frame[y, x] > 0.5 else ():
                parts = label(frame > level)
                if parts[y, x]:
                    masks.append(parts == parts[y, x])
                    numbers.append(number)
        masks = np.array(masks, bool).reshape(-1, 256, 256)
        scores = 0.9 + masks.sum(axis=(1, 2)) / 1e6
        chosen = scores > least_score
        return Alternatives(
            np.where(masks, 9, -9).astype(np.float32)[chosen], scores[chosen], np.array(numbers, int)[chosen]
        )


@pytest.fixture(autouse=True)
def network(store, monkeypatch):
    store.folder.mkdir(parents=True)
    store.final_path("mobilesam").write_bytes(b"the fake network needs none")
    monkeypatch.setattr(
        propose, "make_engine", lambda args, store: Engine(store, load_predictor=lambda it, *_: BrightObjects(it))
    )


def plane():
    """A large object with a bright part, and another one, on 256 × 256 pixels."""
    pixels = np.zeros((256, 256), np.uint8)
    pixels[20:120, 30:130] = 150
    pixels[40:80, 50:90] = 250
    pixels[160:220, 150:240] = 150
    return pixels


#: x0, y0, x1, y1 of the objects, the best first.
BOXES = [[30, 20, 129, 119], [150, 160, 239, 219], [50, 40, 89, 79]]


@pytest.fixture
def picture(tmp_path):
    Image.fromarray(plane()).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@pytest.fixture
def scan(tmp_path):
    volume = np.zeros((3, 256, 256), np.uint8)
    volume[1] = plane()
    image = sitk.GetImageFromArray(volume)
    image.SetSpacing((0.5, 0.6, 2.0))
    image.SetOrigin((10, 20, 30))
    sitk.WriteImage(image, str(tmp_path / "scan.nrrd"))
    return tmp_path / "scan.nrrd"


def test_each_object_of_a_slice_is_a_segment_in_the_scans_place(run, scan, tmp_path):
    out = tmp_path / "out.seg.nrrd"
    result = run("propose", scan, "--slice", "1", *WINDOW, "-o", out, "--json")
    assert result.status == 0, result.err
    values = result.json()
    assert [each["box"] for each in values["proposals"]] == BOXES
    assert [each["name"] for each in values["proposals"]] == ["Proposal 1", "Proposal 2", "Proposal 3"]
    assert (values["model"], values["slice"], values["points"]) == ("mobilesam", 1, 1024)
    written = sitk.ReadImage(str(out))
    assert (written.GetSpacing(), written.GetOrigin()) == ((0.5, 0.6, 2.0), (10, 20, 30))
    voxels = sitk.GetArrayFromImage(written)
    assert not voxels[[0, 2]].any()
    assert written.GetMetaData("Segment2_Name") == "Proposal 3"
    for number, (x0, y0, x1, y1) in enumerate(BOXES):
        layer, value = (int(written.GetMetaData(f"Segment{number}_{key}")) for key in ("Layer", "LabelValue"))
        expected = np.zeros((256, 256), bool)
        expected[y0 : y1 + 1, x0 : x1 + 1] = True
        np.testing.assert_array_equal(voxels[1, :, :, layer] == value, expected)


def test_on_other_axes_the_slice_lies_where_it_was_taken(run, scan, tmp_path):
    out = tmp_path / "out.nrrd"
    assert run("propose", scan, "--axis", "1", "--slice", "60", *WINDOW, "--stability", "0", "-o", out).status == 0
    voxels = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    assert voxels.any(axis=(0, 2)).nonzero()[0].tolist() == [60]


def test_in_a_picture_the_smaller_of_two_lies_on_the_larger(run, picture, tmp_path):
    out, shown = tmp_path / "out.png", tmp_path / "shown.png"
    result = run("propose", picture, *WINDOW, "-o", out, "--overlay", shown)
    assert result.status == 0, result.err
    levels = np.asarray(Image.open(out))
    expected = np.zeros((256, 256), np.uint8)
    for number in (0, 1, 2):
        x0, y0, x1, y1 = BOXES[number]
        expected[y0 : y1 + 1, x0 : x1 + 1] = number + 1
    np.testing.assert_array_equal(levels, expected)
    with Image.open(shown) as drawn:
        assert drawn.width == 900
    lines = result.out.splitlines()
    assert lines[0] == "3 proposals on slice 0"
    assert lines[1] == "  Proposal 1: 10000 pixels, quality 0.91, stability 1.00"
    assert lines[-1] == f"Written: {out}, and {shown}"


def test_bounds_leave_out_what_they_say(run, picture, tmp_path):
    result = run("propose", picture, *WINDOW, "-o", tmp_path / "out.png", "--quality", "0.902", "--json")
    assert [each["box"] for each in result.json()["proposals"]] == BOXES[:2]


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["--quality", "1"], "nothing_proposed", 2),
        (["--quality", "2"], "proposal_option", 2),
        (["--points", "65"], "proposal_option", 2),
        (["--model", "litemedsam"], "model_cannot_propose", 2),
        (["--model", "sam"], "model_missing", 5),
        (["--slice", "1"], "slice_out_of_range", 2),
        (["-o", "out.dcm"], "output_suffix", 2),
        (["-o", "out.txt"], "output_suffix", 2),
        (["--overlay", "shown.jpg"], "overlay_suffix", 2),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(run, picture, tmp_path, monkeypatch, arguments, code, status):
    monkeypatch.chdir(tmp_path)
    result = run("propose", picture, "-o", "out.png", *arguments, "--json")
    assert (result.status, result.json()["error"]["code"]) == (status, code)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["picture.png"]


def test_a_scan_needs_the_number_of_a_slice_and_the_image_is_not_replaced(run, scan, picture, tmp_path):
    result = run("propose", scan, "-o", tmp_path / "out.nrrd", "--json")
    assert result.json()["error"]["message"] == "--slice is missing."
    result = run("propose", picture, "-o", picture, "--force", "--json")
    assert result.json()["error"]["code"] == "output_is_input"
