"""`medsamseg train click`: a head learns what box a click means, and the model it was made for uses it."""

import hashlib
import io
import re

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from labeled_cases import write_case
from starlette.testclient import TestClient

from medsamseg_server.engine.close_ups import choose_view
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.loaded_networks import LoadedNetworks
from medsamseg_server.engine.masks import SliceMask
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.click_frames import box_round, reach_of, to_cells, to_pixels
from medsamseg_server.models.click_head import RADII, ClickHead, ray_places, reach
from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.service import Service
from medsamseg_server.training.clicks import random_click
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.click_heads import find_click_head, load_click_head, register_click_head
from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.client.serverTransport import ServerTransport


@pytest.mark.parametrize("model", ["litemedsam", "medsam"])
def test_a_box_goes_to_cells_and_back(model):
    specification, size = get_specification(model), (300, 400)
    point, box = np.array([120.0, 90]), np.array([100.0, 80, 151, 131])
    there = reach_of(specification, point, box, size)
    assert np.allclose(box_round(specification, point, there, size), box, atol=1e-3)
    assert np.allclose(to_pixels(specification, to_cells(specification, point, size), size), point, atol=1e-3)


def test_a_cell_is_where_the_encoder_sees_it():
    specification = get_specification("litemedsam")
    assert np.allclose(to_cells(specification, np.array([5.5, 1.5]), (256, 256)), [1, 0])
    assert np.allclose(to_cells(specification, np.array([11.5, 3.5]), (512, 256)), [1, 0])


def test_sure_rays_give_the_reach_of_an_ellipse():
    radii = np.array([9.0, 5.0])
    inside = ((ray_places().numpy() / radii) ** 2).sum(-1) <= 1
    left, up, right, down = reach(torch.from_numpy(40.0 * inside - 20)[None].float())[0].tolist()
    # Places on a ray are a third apart.
    assert (left, right) == pytest.approx((9, 9), rel=0.2)
    assert (up, down) == pytest.approx((5, 5), rel=0.2)


def test_what_lies_behind_the_end_of_an_object_is_another_one():
    logits = torch.full((1, 16, len(RADII)), -20.0)
    logits[..., :3] = 20
    near = reach(logits)
    logits[..., 5:] = 20
    assert torch.allclose(reach(logits), near, atol=1e-3)


def test_a_head_looks_at_the_click_and_not_at_the_middle():
    torch.manual_seed(0)
    head, embedding = ClickHead(), torch.randn(1, 256, 32, 32)
    moved = torch.roll(embedding, (3, -4), (2, 3))
    with torch.inference_mode():
        first = head(embedding, torch.tensor([[15.0, 12.0]]))
        second = head(moved, torch.tensor([[11.0, 15.0]]))
    assert torch.allclose(first[..., :2], second[..., :2], atol=1e-4)


@pytest.mark.parametrize("hollow", [False, True], ids=["disk", "ring"])
def test_clicks_are_on_the_object_and_near_its_middle(hollow):
    rows, columns = np.ogrid[:60, :80]
    distance = np.hypot(rows - 30, columns - 45)
    mask = (distance < 16) & ~(hollow & (distance < 12))
    clicks = np.array([random_click(SliceMask.from_mask(mask, 1.0), (0, number)) for number in range(200)])
    x, y = np.rint(clicks).astype(int).T
    assert mask[y, x].all()
    assert len({tuple(click) for click in clicks.tolist()}) > 20
    if not hollow:
        assert np.abs(clicks - [45, 30]).max() <= 0.2 * 31 + 0.5


FAST = ("--slices-per-case", "2", "--batch-size", "6", "--device", "cpu", "--json")


def test_a_model_learns_clicks_from_labeled_scans_and_answers_them(tiny, dataset, run, home, store, ellipsoids):
    result = run("train", "click", dataset, "--base", "tiny", "--epochs", "12", "--learning-rate", "1e-2", *FAST)
    assert result.status == 0, result.out + result.err
    metrics = result.json()["metrics"]
    assert metrics["test_box_iou"] > 0.4 and metrics["test_objects_on_slices"] == 2
    assert metrics["test_by_target"]["1"]["dice_click"] == metrics["test_dice_click"]
    assert find_click_head("tiny").provenance["metrics"] == metrics
    assert not (home / "training" / "tiny-click" / "embeddings").exists()

    engine = Engine(store, device="cpu", runtime="torch")
    request = SliceRequest(ellipsoids.volume, 0, 3, model="tiny")
    x0, y0, x1, y1 = engine.box_for_click(request, (22, 18)).box
    assert x0 < 22 < x1 and y0 < 18 < y1

    refused = run("train", "click", dataset, "--base", "tiny", *FAST)
    assert refused.status == 2 and "click_head_exists" in refused.out


def register(model="tiny", sha256="0" * 64):
    torch.manual_seed(0)
    return register_click_head(model, sha256, lambda path: torch.save(ClickHead().state_dict(), path), {})


def test_a_head_belongs_to_the_weights_that_it_was_trained_with(home):
    register()
    assert isinstance(load_click_head("tiny", "0" * 64), ClickHead)
    with pytest.raises(MedSAMSegError) as raised:
        load_click_head("tiny", "1" * 64)
    assert raised.value.code == "click_head_differs"


@pytest.mark.parametrize("suffix", [".json", ".pth"])
def test_a_damaged_head_is_told(home, suffix):
    register()
    (home / "weights" / "clicks" / f"tiny{suffix}").write_bytes(b"{")
    with pytest.raises(MedSAMSegError) as raised:
        load_click_head("tiny", "0" * 64)
    assert raised.value.code == "click_head_damaged"


@pytest.fixture
def clickable(tiny, store):
    """The model "tiny" with a head that has learned nothing."""
    register(sha256=store.sha256("tiny"))


def test_a_click_is_segmented_as_the_box_that_is_told(clickable, store, run, tmp_path):
    scan, _ = write_case(tmp_path, "scan")
    common = ("--slice", 3, "--model", "tiny", "--runtime", "torch", "--device", "cpu", "--slice-only")
    clicked = run("segment", scan, "--click", "22,18.5", "-o", tmp_path / "click.nrrd", *common)
    assert clicked.status == 0, clicked.out + clicked.err
    volume = Volume.from_array(sitk.GetArrayFromImage(sitk.ReadImage(str(scan))))
    proposed = Engine(store, device="cpu", runtime="torch").box_for_click(
        SliceRequest(volume, 0, 3, model="tiny"), (22, 18.5)
    )
    told = re.search(r"^Box round the click: --box (\S+) --slice 3$", clicked.out, re.MULTILINE)[1]
    assert [float(each) for each in told.split(",")] == pytest.approx(proposed.box, rel=1e-5)
    values = run("segment", scan, "--click", "22,18.5", "-o", tmp_path / "json.nrrd", *common, "--json").json()
    assert values["click"] == {"point": [22, 18.5], "slice": 3, "box": [float(each) for each in told.split(",")]}
    boxed = run("segment", scan, "--box", told, "-o", tmp_path / "box.nrrd", *common)
    assert boxed.status == 0, boxed.out + boxed.err
    masks = [sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / f"{name}.nrrd"))) for name in ("click", "box")]
    assert np.array_equal(*masks)


def test_the_server_answers_a_click_with_the_box_of_the_command_line(clickable, store, ellipsoids, monkeypatch):
    engine = Engine(store, device="cpu", runtime="torch")
    expected = engine.box_for_click(SliceRequest(ellipsoids.volume, 0, 3, model="tiny"), (22, 18.5))
    service = Service(Engine(store, device="cpu", runtime="torch"))
    try:
        with TestClient(create_app(service, "token"), base_url="http://127.0.0.1") as client:
            client.headers["Authorization"] = "Bearer token"
            learned = {model["name"]: model["clicks"] for model in client.get("/v1/models").json()["models"]}
            assert learned["tiny"] and not learned["litemedsam"]
            buffer = io.BytesIO()
            np.save(buffer, ellipsoids.volume.array)
            path = f"/v1/volumes/{hashlib.sha256(buffer.getvalue()).hexdigest()}"
            assert client.put(path, content=buffer.getvalue()).status_code == 201
            body = {"slice": 3, "model": "tiny", "point": [22, 18.5]}
            reply = client.post(f"{path}/click", json=body).json()
            assert reply["box"] == list(expected.box)
            assert (reply["model"], reply["embedding"]) == ("tiny", "computed")
            assert client.post(f"{path}/click", json=body).json()["embedding"] == "cached"
            module = ServerClient("http://127.0.0.1", "token")
            monkeypatch.setattr(module, "_checkVersionOnce", lambda: None)
            ask = lambda _self, method, path, body: client.request(method, path, json=body).json()  # noqa: E731
            monkeypatch.setattr(ServerTransport, "requestJson", ask)
            key = path.rpartition("/")[2]
            assert module.boxAt(key, 0, 3, (np.float64(22), np.float64(18.5)), model="tiny") == expected.box
            for change, code in (({"point": [48, 1]}, "point_outside_image"), ({"model": None}, "click_head_missing")):
                refused = client.post(f"{path}/click", json=body | change)
                assert refused.status_code >= 400 and refused.json()["error"]["code"] == code
    finally:
        service.close()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--click", "22"), "point_malformed"),
        (("--click", "48,10"), "point_outside_image"),
        (("--click", "10,10", "--slice", "7"), "slice_out_of_range"),
        (("--click", "10,10", "--box", "1,1,5,5"), "usage"),
        (("--click", "10,10", "--box-format", "xywh"), "usage"),
        (("--click", "10,10", "--model", "litemedsam"), "click_head_missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_is_wrong_with_a_click_is_told_before_the_network_is_loaded(
    clickable, run, tmp_path, monkeypatch, options, code
):
    monkeypatch.setattr(LoadedNetworks, "get", lambda self, name: pytest.fail("The network was loaded."))
    scan, _ = write_case(tmp_path, "scan")
    result = run("segment", scan, "--slice", 3, "--model", "tiny", *options, "-o", tmp_path / "out.nrrd", "--json")
    assert result.status != 0 and result.json()["error"]["code"] == code


def test_a_model_that_never_learned_clicks_says_so(tiny, store, ellipsoids):
    with pytest.raises(MedSAMSegError, match="has not learned what box a click means") as raised:
        Engine(store, device="cpu").box_for_click(SliceRequest(ellipsoids.volume, 0, 3, model="tiny"), (22, 18))
    assert raised.value.code == "click_head_missing"


def test_the_last_look_is_a_close_up_whose_place_on_the_slice_counts(tiny, store, tmp_path):
    head = ClickHead()
    # As sure of each place on a ray as of every other: the same reach in all directions, in cells.
    torch.nn.init.zeros_(head.inside.weight)
    torch.nn.init.zeros_(head.inside.bias)
    register_click_head("tiny", store.sha256("tiny"), lambda path: torch.save(head.state_dict(), path), {})
    noise = np.random.default_rng(0).normal(0, 8, (1, 512, 512)).astype(np.int16)
    engine = Engine(store, device="cpu", runtime="torch")
    request = SliceRequest(Volume.from_array(noise), 0, 0, model="tiny")
    box = engine.box_for_click(request, (400, 300)).box
    assert ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) == pytest.approx((400, 300), abs=0.1)
    # A cell of the close-up, which is smaller than one of the whole slice.
    close_up = choose_view(get_specification("tiny"), Prompt(box), (512, 512))
    cell = max(close_up.shape) / get_specification("tiny").at(close_up.input_size).embedding_shape[-1]
    assert cell < 512 / 64
    side = float(reach(torch.zeros(1, 16, len(RADII)))[0, ::2].sum())
    assert box[2] - box[0] + 1 == pytest.approx(side * cell, abs=0.2)
