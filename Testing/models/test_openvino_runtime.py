"""Networks with OpenVINO against the same networks with PyTorch in single precision."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import openvino
import pytest
import torch
from small_vit import IMAGE_SIDE, small_vit, whole_vit

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.models.networks import build_network
from medsamseg_server.models.specification import Scaling
from medsamseg_server.runtime import fused_attention, openvino_conversion, openvino_runtime, torch_runtime
from medsamseg_server.runtime.mask_windows import OUTSIDE, MaskWindows
from medsamseg_server.runtime.network_files import NetworkFiles
from medsamseg_server.runtime.openvino_networks import compile_parts
from medsamseg_server.runtime.openvino_runtime import OpenVinoRunner, load_predictor
from medsamseg_server.runtime.torch_runtime import TorchRunner
from medsamseg_server.volumes.windows import CT_PRESETS
from medsamseg_server.weights.catalog import get_specification

LITEMEDSAM = get_specification("litemedsam")
#: One block a stage, on a quarter of the pixels: everything that the whole network computes, in an eighth of the time;
#: its embeddings find no objects.
FEW_BLOCKS = replace(
    replace(LITEMEDSAM, encoder=replace(LITEMEDSAM.encoder, depths=(1, 1, 1, 1))).at(128), coarse_surroundings=True
)
HAS_BF16 = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
PRECISIONS = ("fp32", *(["mixed", "bf16"] if HAS_BF16 else []))


def make_runner(network, input_size, precision):
    return OpenVinoRunner(compile_parts(openvino.Core(), network, input_size, precision), precision)


@pytest.fixture(scope="module")
def networks_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="module")
def files(networks_folder):
    return NetworkFiles(networks_folder)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(FEW_BLOCKS, id="few blocks"),
        pytest.param(LITEMEDSAM, id="whole", marks=pytest.mark.full),
    ],
)
def specification(request):
    return request.param


@pytest.fixture(scope="module")
def weights(specification, litemedsam_weights, tmp_path_factory):
    """LiteMedSAM's tensors, as far as the network has them."""
    if specification is LITEMEDSAM:
        return litemedsam_weights
    state = torch.load(litemedsam_weights, weights_only=True)
    path = tmp_path_factory.mktemp("weights") / "few_blocks.pth"
    torch.save({name: state[name] for name in build_network(specification).state_dict()}, path)
    return path


@pytest.fixture(scope="module")
def litemedsam(specification, weights, files):
    """LiteMedSAM with PyTorch ("torch") and with OpenVINO in each precision."""
    # The same for two of the precisions, which differ in how it is compiled; converting takes longest.
    convert, models = openvino_conversion.convert_network, {}

    def convert_once(network, input_size, short, coarse):
        if short not in models:
            models[short] = convert(network, input_size, short, coarse)
        return models[short]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openvino_conversion, "convert_network", convert_once)
        predictors = {name: load_predictor(specification, weights, name, files) for name in PRECISIONS}
    return {"torch": torch_runtime.load_predictor(specification, weights, "cpu"), **predictors}


@pytest.fixture(scope="module")
def whole_with_pytorch(litemedsam_weights):
    """The whole LiteMedSAM with PyTorch, whose embeddings find objects."""
    return torch_runtime.load_predictor(LITEMEDSAM, litemedsam_weights, "cpu")


@pytest.fixture(scope="module")
def lung_slices(chest):
    """Gray levels of slices of the sample CT, with the tumor's box on each."""
    width, level = CT_PRESETS["lung"]
    gray = np.clip((chest.ct - level + width / 2) / width * 255, 0, 255).astype(np.uint8)
    slices = []
    for index in (18, 24, 30):
        rows, columns = np.nonzero(chest.tumor[index])
        slices.append((gray[index], np.array([[columns.min(), rows.min(), columns.max(), rows.max()]])))
    return slices


@pytest.fixture(scope="module")
def embedding(whole_with_pytorch, specification, lung_slices):
    """The whole network's embedding of a slice, at the size that is tested."""
    return whole_with_pytorch.at(specification.input_size).encode(lung_slices[1][0])


def compare_values(litemedsam, embedding, prompts, atol):
    """Compare where both compute, on a picture of the input's size: resizing would mix in what is not computed.

    `prompts` are those of a picture of 256 × 256 pixels. Returns what is computed, and PyTorch's values.
    """
    side = litemedsam["fp32"].specification.input_size
    prompts = {name: each if name == "labels" else each * side / 256 for name, each in prompts.items()}
    expected, found = (litemedsam[name].decode(embedding, (side, side), **prompts) for name in ("torch", "fp32"))
    computed = found.values != OUTSIDE
    np.testing.assert_allclose(found.values[computed], expected.values[computed], atol=atol)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)
    return computed, expected.values


def iou(first, second):
    return np.count_nonzero(first & second) / np.count_nonzero(first | second)


# Measured with few blocks: 0.000001, 0.0045 and 0.011.
@pytest.mark.parametrize(
    ("precision", "tolerance"), [("fp32", 1e-4), ("mixed", 0.01), ("bf16", 0.02)][: len(PRECISIONS)]
)
def test_embeddings_are_those_of_pytorch(litemedsam, lung_slices, precision, tolerance):
    pixels, _ = lung_slices[1]
    expected = litemedsam["torch"].encode(pixels)
    found = litemedsam[precision].encode(pixels)
    assert np.abs(found - expected).mean() < tolerance * np.abs(expected).mean()


@pytest.mark.parametrize(("precision", "lowest"), [("fp32", 0.999), ("mixed", 0.98), ("bf16", 0.98)][: len(PRECISIONS)])
def test_masks_from_an_embedding_are_those_of_pytorch(litemedsam, lung_slices, embedding, precision, lowest):
    pixels, boxes = lung_slices[1]
    expected, found = (litemedsam[name].decode(embedding, pixels.shape, boxes) for name in ("torch", precision))
    assert expected.masks.sum() > 100
    assert iou(expected.masks, found.masks) >= lowest
    np.testing.assert_allclose(found.scores, expected.scores, atol=0.02)


@pytest.mark.full
@pytest.mark.parametrize("specification", [LITEMEDSAM], ids=["whole"], indirect=True)
@pytest.mark.parametrize(("precision", "lowest"), [("fp32", 0.999), ("mixed", 0.98), ("bf16", 0.98)][: len(PRECISIONS)])
def test_litemedsams_masks_are_those_of_pytorch(litemedsam, lung_slices, precision, lowest):
    reference, other = litemedsam["torch"], litemedsam[precision]
    overlaps = []
    for pixels, boxes in lung_slices:
        expected = reference.decode(reference.encode(pixels), pixels.shape, boxes)
        found = other.decode(other.encode(pixels).astype(np.float16), pixels.shape, boxes)
        assert expected.masks.sum() > 100
        overlaps.append(iou(expected.masks, found.masks))
        np.testing.assert_allclose(found.scores, expected.scores, atol=0.02)
    assert min(overlaps) >= lowest
    assert np.mean(overlaps) >= 0.99


@pytest.mark.parametrize(
    "prompts",
    [
        {"boxes": np.array([[54, 160, 101, 204]])},
        {"points": np.array([[[77, 180], [10, 10]]]), "labels": np.array([[1, 0]])},
        {"points": np.array([[[77, 180], [0, 0]]]), "labels": np.array([[1, -1]])},
        {
            "boxes": np.array([[54, 160, 101, 204], [20, 30, 90, 90]]),
            "points": np.array([[[77, 180]], [[50, 50]]]),
            "labels": np.array([[1], [0]]),
        },
    ],
    ids=["box", "points", "filler", "boxes and points"],
)
def test_every_kind_of_prompt_is_decoded_as_by_pytorch(litemedsam, embedding, prompts):
    computed, expected = compare_values(litemedsam, embedding, prompts, atol=1e-3)
    # Far from a box, values are not computed.
    assert computed.all() == ("boxes" not in prompts)
    assert expected[~computed].max(initial=-1) < 0


@pytest.mark.parametrize("with_boxes", [False, True], ids=["points", "boxes and points"])
@pytest.mark.parametrize("count", [1, 9, 64])
def test_any_number_of_points_is_decoded_as_by_pytorch(litemedsam, embedding, count, with_boxes):
    chance = np.random.default_rng(count)
    prompts = {
        "points": chance.integers(0, 256, (2, count, 2)),
        "labels": chance.integers(-1, 2, (2, count)),
        **({"boxes": np.array([[54, 160, 101, 204], [20, 30, 90, 90]])} if with_boxes else {}),
    }
    compare_values(litemedsam, embedding, prompts, atol=2e-3)


@pytest.mark.parametrize("least", [-np.inf, 0.2, np.inf], ids=["all", "some", "none"])
def test_a_points_three_answers_are_those_of_pytorch_as_far_as_they_are_wanted(litemedsam, embedding, least):
    points = np.array([[77, 180], [10, 10], [200, 90]])
    expected = litemedsam["torch"].alternatives(embedding, (256, 256), points, -np.inf)
    assert expected.numbers.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    wanted = expected.scores > least
    assert least != 0.2 or 0 < np.count_nonzero(wanted) < 9
    for name in ("torch", "fp32"):
        found = litemedsam[name].alternatives(embedding, (256, 256), points, least)
        assert found.numbers.tolist() == expected.numbers[wanted].tolist()
        np.testing.assert_allclose(found.scores, expected.scores[wanted], atol=1e-4)
        np.testing.assert_allclose(found.logits, expected.logits[wanted], atol=2e-3)


@pytest.mark.parametrize("answer", [1, 2, 3])
def test_a_boxs_three_answers_are_those_of_pytorch(litemedsam, embedding, answer):
    prompts = {"boxes": np.array([[54, 160, 101, 204], [20, 30, 90, 90]]), "answer": answer}
    expected = litemedsam["torch"].decode(embedding, (256, 256), **prompts)
    found = litemedsam["fp32"].decode(embedding, (256, 256), **prompts)
    np.testing.assert_allclose(found.values, expected.values, atol=2e-3)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)


def test_decoder_is_compiled_for_two_numbers_of_points(litemedsam, embedding, monkeypatch):
    predictor, shapes = litemedsam["fp32"], set()
    run = openvino_runtime._run
    monkeypatch.setattr(
        openvino_runtime, "_run", lambda request, inputs: shapes.add(inputs[1].shape) or run(request, inputs)
    )
    embedding = np.zeros_like(embedding)
    for count in (1, 2, 8, 9, 33, 64):
        points = np.full((1, count, 2), 100)
        predictor.decode(embedding, (256, 256), points=points, labels=np.ones((1, count)))
        boxes = np.array([[54, 160, 101, 204]])
        predictor.decode(embedding, (256, 256), boxes, points, np.ones((1, count)))
    tokens = {shape[1] for shape in shapes if shape[0] == 1 and shape[2:] == (256,)}
    # A single point without a box takes as many as the corners of a box.
    assert tokens == {2, 8 + 2, 64 + 2}


def test_upscaling_is_compiled_for_few_sizes_of_windows(litemedsam, embedding, monkeypatch):
    predictor, sizes = litemedsam["fp32"], []
    run = openvino_runtime._run

    def noticed(request, inputs):
        if request is predictor._runner._upscaling:
            sizes.append(inputs[2].shape[1])
        run(request, inputs)

    monkeypatch.setattr(openvino_runtime, "_run", noticed)
    embedding = np.zeros_like(embedding)
    for side in range(4, 60):
        predictor.decode(embedding, (128, 128), np.array([[60, 60, 60 + side, 60 + side // 2]]))
    for least in (64, 128, 256):
        assert len({size for size in sizes if least < size <= 2 * least}) <= 4
    assert len(set(sizes)) < 20


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 323, 4095, 4096])
def test_upscaling_computes_hardly_more_positions_than_there_are(count):
    assert count <= openvino_runtime._positions_computed(count) <= max(count, 1.25 * count)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_objects_of_a_batch_are_what_they_are_alone(litemedsam, embedding, precision):
    predictor = litemedsam[precision]
    boxes = np.random.default_rng(3).integers(0, 120, (16, 4))
    boxes[:, 2:] += boxes[:, :2] + 10
    together = predictor.decode(embedding, (256, 256), boxes)
    for number, box in enumerate(boxes):
        alone = predictor.decode(embedding, (256, 256), box[None])
        assert np.count_nonzero(alone.masks[0] != together.masks[number]) <= 0.002 * 256**2
        np.testing.assert_allclose(alone.scores[0], together.scores[number], atol=0.01)


def coarse_masks(predictor, embedding, boxes):
    side = predictor.specification.input_size
    return predictor.decode(embedding, (side, side), boxes * side / 256, coarse_surroundings=True)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_coarse_surroundings_hardly_change_a_mask(litemedsam, embedding, lung_slices, precision):
    predictor, boxes = litemedsam[precision], lung_slices[1][1]
    side = predictor.specification.input_size
    exact = predictor.decode(embedding, (side, side), boxes * side / 256)
    found = coarse_masks(predictor, embedding, boxes)
    assert exact.masks.sum() > 50
    assert iou(exact.masks, found.masks) >= 0.97
    # They are means all the same.
    assert not np.array_equal(exact.values, found.values)
    np.testing.assert_allclose(found.scores, exact.scores, atol=0.02)


def test_what_an_object_sees_coarsely_does_not_go_by_the_others_of_its_batch(litemedsam, embedding):
    predictor = litemedsam["fp32"]
    boxes = np.array([[54, 160, 101, 204], [20, 20, 150, 140], [60, 150, 90, 190], [0, 0, 250, 250]])
    together = coarse_masks(predictor, embedding, boxes)
    for number, box in enumerate(boxes):
        alone = coarse_masks(predictor, embedding, box[None])
        computed = (alone.values[0] != OUTSIDE) & (together.values[number] != OUTSIDE)
        np.testing.assert_allclose(alone.values[0][computed], together.values[number][computed], atol=1e-3)
        np.testing.assert_allclose(alone.scores[0], together.scores[number], atol=1e-4)


def test_an_object_that_leaves_its_window_is_decoded_exactly(litemedsam, embedding, monkeypatch):
    predictor, boxes = litemedsam["fp32"], np.array([[60, 150, 90, 190]])
    side = predictor.specification.input_size
    monkeypatch.setattr(MaskWindows, "leaving", lambda self, planes: np.arange(len(planes)))
    exact = predictor.decode(embedding, (side, side), boxes * side / 256)
    found = coarse_masks(predictor, embedding, boxes)
    np.testing.assert_allclose(found.values, exact.values, atol=1e-4)
    np.testing.assert_allclose(found.scores, exact.scores, atol=1e-5)


def test_points_and_further_answers_are_never_seen_coarsely(litemedsam, embedding):
    predictor, box = litemedsam["fp32"], np.array([[60.0, 80, 90, 100]]) / 2
    others = ({"points": box[:, None, :2], "labels": np.ones((1, 1))}, {"answer": 2})
    for other in others:
        exact, found = (
            predictor.decode(embedding, (128, 128), box, **other, coarse_surroundings=coarse)
            for coarse in (False, True)
        )
        np.testing.assert_array_equal(found.values, exact.values)


def test_released_memory_is_taken_again(litemedsam, lung_slices):
    predictor = litemedsam["fp32"]
    pixels, boxes = lung_slices[0]
    before = predictor.encode(pixels)
    values = predictor.decode(before, pixels.shape, boxes).values
    predictor.release()
    np.testing.assert_array_equal(predictor.decode(before, pixels.shape, boxes).values, values)
    np.testing.assert_array_equal(predictor.encode(pixels), before)


def test_results_stay_when_the_next_slice_is_computed(litemedsam, lung_slices):
    predictor = litemedsam["fp32"]
    embedding = predictor.encode(lung_slices[0][0])
    prediction = predictor.decode(embedding, (256, 256), lung_slices[0][1])
    kept = embedding.copy(), prediction.values.copy(), prediction.scores.copy()
    other = predictor.encode(lung_slices[2][0])
    predictor.decode(other, (256, 256), lung_slices[2][1])
    np.testing.assert_array_equal(embedding, kept[0])
    np.testing.assert_array_equal(prediction.values, kept[1])
    np.testing.assert_array_equal(prediction.scores, kept[2])


@pytest.fixture(scope="module", params=[small_vit, pytest.param(whole_vit, marks=pytest.mark.full)])
def vit_b(request):
    """A ViT, with an image and its embedding."""
    network = request.param("medsam", seed=5)
    side = 16 * network.embedding_side
    image = torch.rand(3, side, side, generator=torch.Generator().manual_seed(1)).numpy()
    return network, image, TorchRunner(network).encode(image)


@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("fp32", 1e-4), *([pytest.param("bf16", 0.02, marks=pytest.mark.full)] if HAS_BF16 else [])],
)
def test_vit_b_encodes_and_decodes_as_with_pytorch(vit_b, precision, tolerance):
    network, image, expected = vit_b
    side = image.shape[-1]
    runner = make_runner(network, side, precision)
    embedding = runner.encode(image)
    assert np.abs(embedding - expected).mean() < tolerance * np.abs(expected).mean()
    boxes = side / 1024 * np.array([[100, 200, 600, 700], [10, 20, 300, 900]], np.float32)
    masks = [r.decode(expected, boxes, None)[0] > 0 for r in (TorchRunner(network), runner)]
    assert iou(*masks) >= (0.9999 if precision == "fp32" else 0.97)


def test_not_all_positions_of_vit_b_ask_at_once(monkeypatch):
    monkeypatch.setattr(fused_attention, "_ASKING_AT_ONCE", 100)
    encoder = openvino_conversion.convert_network(small_vit("medsam", seed=5), IMAGE_SIDE)["encoder"]
    asking = {
        tuple(made.shape)[-2] for each in encoder.get_ops() for made in each.outputs() if made.shape[-1:] == [400]
    }
    # The bias of a quarter of 400 positions to all of them; the logits are inside of the fused operation.
    assert max(asking) == 100


def test_network_comes_from_disk_the_next_time_without_pytorch(litemedsam, specification, weights, files, monkeypatch):
    monkeypatch.setattr(openvino_runtime, "convert", None)
    again = load_predictor(specification, weights, "fp32", files)
    assert again.weights_sha256 == litemedsam["torch"].weights_sha256
    image = np.random.default_rng(0).random((3, specification.input_size, specification.input_size), np.float32)
    np.testing.assert_allclose(
        again.encode_prepared(image), litemedsam["fp32"].encode_prepared(image), atol=1e-5, rtol=1e-4
    )


@pytest.mark.usefixtures("litemedsam")
def test_network_of_whole_slices_is_loaded_when_it_is_needed(specification, weights, files, monkeypatch):
    loaded = []
    original = openvino_runtime.import_parts

    def import_parts(core, files, key, precision, seen):
        loaded.append((seen.input_size, seen.coarse_surroundings))
        return original(core, files, key, precision, seen)

    monkeypatch.setattr(openvino_runtime, "import_parts", import_parts)
    predictor = load_predictor(specification, weights, "fp32", files)
    predictor.release()
    assert (predictor.device, predictor.precision) == ("cpu", "fp32")
    assert loaded == []
    slice_ = np.zeros((8, 8))
    embedding = predictor.encode(slice_)
    predictor.decode(embedding, slice_.shape, boxes=np.array([[2, 2, 6, 6]]))
    assert loaded == [(specification.input_size, specification.coarse_surroundings)]


@pytest.mark.usefixtures("litemedsam")
def test_loading_a_kept_network_imports_no_pytorch(specification, weights, networks_folder):
    # In a process of its own that has imported nothing but this: the tests have imported PyTorch.
    code = (
        "import json, sys, numpy; from dataclasses import replace; from pathlib import Path\n"
        "from medsamseg_server.runtime.network_files import NetworkFiles\n"
        "from medsamseg_server.runtime.openvino_runtime import load_predictor\n"
        "from medsamseg_server.weights.catalog import get_specification\n"
        "weights, networks = map(Path, sys.argv[1:3])\n"
        "depths, whole = tuple(json.loads(sys.argv[3])), get_specification('litemedsam')\n"
        "few = replace(whole.encoder, depths=depths)\n"
        "specification = replace(whole, encoder=few, input_size=int(sys.argv[4]))\n"
        "predictor = load_predictor(specification, weights, 'fp32', NetworkFiles(networks))\n"
        "predictor.encode(numpy.zeros((8, 8)))\n"
        "sys.exit(str([name for name in ('torch', 'segment_anything') if name in sys.modules]))"
    )
    depths = json.dumps(specification.encoder.depths)
    command = [sys.executable, "-c", code, str(weights), str(networks_folder), depths, str(specification.input_size)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.stderr.splitlines()[-1] == "[]", result.stderr


class Converted(Exception):
    """Stands for the seconds that a conversion takes."""


@pytest.fixture
def conversion_noticed(monkeypatch):
    def convert(*arguments):
        raise Converted

    monkeypatch.setattr(openvino_runtime, "convert", convert)


@pytest.mark.usefixtures("conversion_noticed", "litemedsam")
def test_changed_weights_are_converted_anew(specification, weights, files, tmp_path):
    state = torch.load(weights, weights_only=True)
    state["image_encoder.neck.3.bias"] += 1
    changed = tmp_path / "changed.pth"
    torch.save(state, changed)
    load_predictor(specification, weights, "fp32", files)
    with pytest.raises(Converted):
        load_predictor(specification, changed, "fp32", files)


@pytest.mark.usefixtures("conversion_noticed", "litemedsam")
def test_models_share_a_network_that_differ_in_what_is_done_round_it(specification, weights, files):
    other = replace(specification, name="other", title="Other", close_up_size=None, scaling=Scaling.IMAGENET)
    assert load_predictor(other, weights, "fp32", files).specification == other
    for another in (specification.at(specification.input_size), replace(specification, input_size=64)):
        with pytest.raises(Converted):
            load_predictor(another, weights, "fp32", files)


def test_damaged_weights_are_refused_as_by_pytorch(tmp_path, files):
    broken = tmp_path / "broken.pth"
    broken.write_bytes(b"no weights")
    with pytest.raises(MedSAMSegError) as caught:
        load_predictor(LITEMEDSAM, broken, "fp32", files)
    assert caught.value.code == "weights_unreadable"
    with pytest.raises(MedSAMSegError) as caught:
        load_predictor(LITEMEDSAM, tmp_path / "missing.pth", "fp32", files)
    assert caught.value.code == "weights_unreadable"


@pytest.mark.parametrize(
    ("part", "other"),
    [("decoder", "upscaling"), ("encoder", "prompts"), ("upscaling", "encoder"), ("prompts", "encoder")],
)
@pytest.mark.usefixtures("conversion_noticed", "litemedsam")
def test_whole_network_in_the_place_of_another_is_made_again(specification, weights, files, monkeypatch, part, other):
    read = files.read
    monkeypatch.setattr(files, "read", lambda key, parts: (kept := read(key, parts)) | {part: kept[other]})
    predictor = load_predictor(specification, weights, "fp32", files)
    with pytest.raises(Converted):
        predictor.encode(np.zeros((8, 8)))


@pytest.mark.usefixtures("conversion_noticed")
def test_network_that_openvino_cannot_read_is_made_again(monkeypatch, tmp_path, litemedsam_weights, caplog):
    files = NetworkFiles(tmp_path)
    monkeypatch.setattr(files, "read", lambda key, parts: dict.fromkeys(parts, b"whole, but no network"))
    with pytest.raises(Converted):
        load_predictor(LITEMEDSAM, litemedsam_weights, "fp32", files)
    assert "cannot be used and is made again" in caplog.text
