"""`medsamseg export onnx`: a client that knows nothing but the folder finds what the product finds."""

import dataclasses
import gc
import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from smallModel import savedState

from medsamseg_server.exporting import onnx_files, protocol
from medsamseg_server.models.networks import SamNetwork, build_network
from medsamseg_server.models.specification import NoEncoder, TinyViTParameters, UNetParameters
from medsamseg_server.runtime import torch_runtime
from medsamseg_server.system import packages
from medsamseg_server.system.safe_files import file_digest
from medsamseg_server.volumes.windows import CT_PRESETS
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.loading import load_network
from medsamseg_server.weights.store import ModelStore
from medsamseg_server.weights.trained import register_trained

ROOT = Path(__file__).resolve().parents[2]
LITEMEDSAM = get_specification("litemedsam")
SMALL = dataclasses.replace(
    LITEMEDSAM,
    name="small",
    title="Small",
    encoder=TinyViTParameters(1, 1, (8, 8, 8, 16), (1, 1, 1, 1), (1, 1, 1), (7, 7, 7)),
    input_size=64,
)
BOX = (54, 160, 101, 204)


def register_small(network):
    """As a model that was trained here."""
    register_trained(SMALL, savedState(network), "Apache-2.0", "The paper", {})


@pytest.fixture(scope="module")
def network(development_store):
    """LiteMedSAM's decoder behind a small encoder of random weights; for reading only."""
    torch.manual_seed(5)
    made = build_network(SMALL)
    known, _ = load_network(LITEMEDSAM, development_store.path("litemedsam"))
    made.mask_decoder.load_state_dict(known.mask_decoder.state_dict())
    made.prompt_encoder.load_state_dict(known.prompt_encoder.state_dict())
    return made


@pytest.fixture
def registered(home, network):
    """The network as the model "small" in the test's own data folder."""
    register_small(network)


@pytest.fixture(scope="module")
def home_of_small(tmp_path_factory, network):
    """A data folder with the model, for what is made once."""
    folder = tmp_path_factory.mktemp("small") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSAMSEG_HOME", str(folder))
        register_small(network)
    return folder


@pytest.fixture(scope="module")
def small(home_of_small):
    """The product's predictor of the model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSAMSEG_HOME", str(home_of_small))
        return torch_runtime.load_predictor(SMALL, ModelStore().path("small"), "cpu")


@pytest.fixture(scope="module")
def exported(tmp_path_factory, home_of_small):
    """The folder of a small model, made once; tests copy nothing into it."""
    from medsamseg_server.cli import main

    folder = tmp_path_factory.mktemp("exported") / "out"
    # PyTorch's exporter makes millions of objects that stay: a tenth of its time goes into looking for garbage.
    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MEDSAMSEG_HOME", str(home_of_small))
            assert main(["export", "onnx", "small", "-o", str(folder), "--quiet"]) == 0
    finally:
        gc.enable()
    return folder


@pytest.fixture(scope="module")
def ct_slice():
    import SimpleITK as sitk

    ct = sitk.GetArrayFromImage(sitk.ReadImage(str(ROOT / "MedSAMSeg/Resources/SampleData/RiderChestCT.nrrd")))
    width, level = CT_PRESETS["lung"]
    return np.clip((ct[24] - level + width / 2) / width * 255, 0, 255).astype(np.uint8)


def run_documented_program(exported, pixels, folder, monkeypatch):
    """Run the program of docs/export.md as it stands there; return its masks."""
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/export.md").read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(folder)
    (folder / "litemedsam-onnx").symlink_to(exported)
    cv2.imwrite("slice.png", pixels)
    names = {}
    exec(compile(program, "docs/export.md", "exec"), names)
    return names["masks"]


def iou(first, second):
    return np.count_nonzero(first & second) / np.count_nonzero(first | second)


@pytest.mark.parametrize("part", [slice(None), (slice(100, None), slice(20, 160))], ids=["square", "cut"])
def test_documented_program_finds_the_products_mask(exported, small, ct_slice, part, tmp_path, monkeypatch):
    pixels = np.ascontiguousarray(ct_slice[part])
    values = small.decode(small.encode(pixels), pixels.shape, np.array([BOX])).values[0]
    # Random weights find nothing: where half of the slice lies above, there is something to compare.
    folder = shutil.copytree(exported, tmp_path / "exported")
    described = json.loads((folder / "protocol.json").read_text("utf-8"))
    described["mask"]["threshold"] = float(np.median(values))
    (folder / "protocol.json").write_text(json.dumps(described), "utf-8")
    (found,) = run_documented_program(folder, pixels, tmp_path, monkeypatch)
    assert iou(found, values > np.median(values)) >= 0.99


@pytest.mark.full
def test_litemedsam_is_the_product_in_onnx(run, store, development_store, ct_slice, tmp_path, monkeypatch):
    store.folder.mkdir(parents=True)
    store.final_path("litemedsam").symlink_to(development_store.path("litemedsam"))
    result = run("export", "onnx", "litemedsam", "-o", tmp_path / "out")
    assert result.status == 0, result.err
    assert "masks as those of MedSAMSeg" in result.out
    predictor = torch_runtime.load_predictor(LITEMEDSAM, store.path("litemedsam"), "cpu")
    expected = predictor.decode(predictor.encode(ct_slice), ct_slice.shape, np.array([BOX])).masks[0]
    (found,) = run_documented_program(tmp_path / "out", ct_slice, tmp_path, monkeypatch)
    assert iou(found, expected) >= 0.99


def decode(exported, embedding, coords, labels):
    # Here, as below: not for every process that collects these tests.
    import onnxruntime

    session = onnxruntime.InferenceSession(exported / "decoder.onnx")
    given = {"image_embeddings": embedding, "point_coords": coords, "point_labels": labels}
    return session.run(None, {name: np.asarray(value, np.float32) for name, value in given.items()})


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_number_of_objects_and_points_is_decoded_as_by_the_product(exported, small, count):
    chance = np.random.default_rng(count)
    embedding = chance.normal(0, 0.2, (1, 256, 16, 16)).astype(np.float32)
    coords, labels = chance.uniform(0, 63, (count, count + 1, 2)), chance.integers(0, 2, (count, count + 1))
    corners = np.tile([[5.0, 6.0], [40.0, 50.0]], (count, 1, 1))
    logits, scores = decode(
        exported,
        embedding,
        np.concatenate([coords, corners], axis=1),
        np.concatenate([labels, np.tile([2, 3], (count, 1))], axis=1),
    )
    expected = small._runner.decode(
        embedding[0], corners.reshape(-1, 4).astype(np.float32), (coords.astype(np.float32), labels.astype(np.float32))
    )
    np.testing.assert_allclose(logits[:, 0], expected[0], atol=1e-3)
    np.testing.assert_allclose(scores[:, 0], expected[1], atol=1e-4)


def test_point_without_a_box_is_followed_by_one_that_is_none(exported, small):
    embedding = np.random.default_rng(3).normal(0, 0.2, (1, 256, 16, 16)).astype(np.float32)
    logits, _ = decode(exported, embedding, [[[20, 30], [0, 0]]], [[1, -1]])
    expected, _ = small._runner.decode(embedding[0], None, (np.float32([[[20, 30]]]), np.float32([[1]])))
    np.testing.assert_allclose(logits[:, 0], expected, atol=1e-3)


def test_files_are_what_the_description_says(exported):
    import onnx

    described = json.loads((exported / "protocol.json").read_text("utf-8"))
    assert sorted(path.name for path in exported.iterdir()) == ["decoder.onnx", "encoder.onnx", "protocol.json"]
    for part in ("encoder", "decoder"):
        file = exported / described["files"][part]["name"]
        assert described["files"][part]["sha256"] == file_digest(file)
        model = onnx.load(file)
        onnx.checker.check_model(model)
        assert [each.version for each in model.opset_import if each.domain in ("", "ai.onnx")] == [described["opset"]]
        for tensor in (*model.graph.input, *model.graph.output):
            shape = [side.dim_param or side.dim_value for side in tensor.type.tensor_type.shape.dim]
            assert shape == described["shapes"][tensor.name], tensor.name
    assert described["model"]["name"] == "small"
    assert described["mask"]["threshold"] == 0.0
    assert described["checked"]["lowest_iou"] >= 0.99


@pytest.mark.parametrize("name", ["litemedsam", "medsam", "mobilesam", "sam"])
def test_every_rule_of_a_model_is_described(name):
    from medsamseg_server.weights.catalog import get_checkpoint

    specification = get_specification(name)
    described = protocol.describe_protocol(specification, get_checkpoint(name), "0" * 64, {})
    for rule in ("resize", "scaling", "coordinates"):
        assert described[rule]["rule"] == getattr(specification, rule).name.lower()
        assert len(described[rule]["how"]) > 20
    assert described["mask"]["rule"] == specification.upsampling.name.lower()
    assert described["mask"]["threshold"] == specification.mask_threshold
    assert ("mean" in described["scaling"]) == (described["scaling"]["rule"] == "imagenet")


@pytest.mark.usefixtures("registered")
def test_earlier_export_stays_unless_it_may_be_replaced(run, tmp_path):
    (tmp_path / "protocol.json").write_text("mine")
    result = run("export", "onnx", "small", "-o", tmp_path)
    assert (result.status, "protocol.json exists already" in result.err, "--force" in result.err) == (6, True, True)
    assert (tmp_path / "protocol.json").read_text() == "mine"


def test_wrong_network_is_not_kept(run, home, exported, network, tmp_path, monkeypatch):
    """As if the exporter had a fault: what it writes is another network."""
    other = build_network(SMALL)
    register_small(SamNetwork(other.image_encoder, network.prompt_encoder, network.mask_decoder))
    monkeypatch.setattr(
        onnx_files, "_write", lambda module, examples, path, *rest: shutil.copy(exported / path.name, path)
    )
    result = run("export", "onnx", "small", "-o", tmp_path / "out")
    assert (result.status, "computes something else" in result.err) == (1, True)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.usefixtures("registered")
def test_missing_packages_are_named(run, tmp_path, monkeypatch):
    find = packages.find_spec
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name.startswith("onnx") else find(name))
    result = run("export", "onnx", "small", "-o", tmp_path / "out")
    assert result.status == 2
    assert "onnx, onnxruntime, onnxscript" in result.err
    assert "pip install 'medsamseg-server[export]'" in result.err
    assert not (tmp_path / "out").exists()


def test_specialist_is_refused(run, tmp_path):
    parameters = UNetParameters((4, 8), (2,), 1)
    unet = dataclasses.replace(LITEMEDSAM, name="unet", title="U-Net", encoder=NoEncoder(), decoder=parameters)
    # What it is made of says so; its weights are not looked at.
    register_trained(unet, lambda path: path.write_bytes(b"weights"), "none", "", {})
    result = run("export", "onnx", "unet", "-o", tmp_path / "out", "--json")
    assert (result.status, result.json()["error"]["code"]) == (2, "export_unsupported")


def test_model_that_is_not_here_is_told_with_the_command_to_get_it(run, tmp_path):
    result = run("export", "onnx", "medsam", "-o", tmp_path / "out")
    assert (result.status, "medsamseg models download medsam" in result.err) == (5, True)
