"""Weights files, right and wrong: what loads loads completely, what does not says what the file should be."""

import os
import pickle
import zipfile

import pytest
import torch
from random_weights import randomize

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.networks import build_network
from medsamseg_server.weights import loading
from medsamseg_server.weights.catalog import get_checkpoint, get_specification
from medsamseg_server.weights.loading import load_network

LITEMEDSAM = get_specification("litemedsam")
MOBILESAM = get_specification("mobilesam")


@pytest.fixture
def unfilled(monkeypatch):
    """Networks are built without memory, for files that are refused before any tensor is filled."""

    def build(specification):
        with torch.device("meta"):
            return build_network(specification)

    monkeypatch.setattr(loading, "build_network", build)


@pytest.fixture(scope="module")
def state():
    """Random weights of LiteMedSAM, by name."""
    return randomize(build_network(LITEMEDSAM), seed=3).state_dict()


@pytest.fixture
def saved(tmp_path):
    """Writes an object as torch does, and returns the file."""

    def save(content, **options):
        file = tmp_path / "weights.pth"
        torch.save(content, file, **options)
        return file

    return save


def assert_same_tensors(network, state):
    loaded = network.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)


def failure(specification, file):
    with pytest.raises(MedSAMSegError) as caught:
        load_network(specification, file)
    error = caught.value
    assert error.kind is ErrorKind.UNREADABLE
    assert str(file) in error.message
    for published in get_checkpoint(specification.name).files:
        assert published.file_name in error.hint
        assert published.digest in error.hint
    assert f"{get_checkpoint(specification.name).size_bytes:,} bytes" in error.hint
    return error


def test_the_authors_litemedsam_file_loads_completely(litemedsam_weights):
    network, digest = load_network(LITEMEDSAM, litemedsam_weights)
    assert digest == "79d8c9dca6db4d69d3f905579e5250af05e859fff9c1f543e89a513c3028ce76"
    assert_same_tensors(network, torch.load(litemedsam_weights, weights_only=True))
    assert not network.training


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"model": state, "optimizer": {}, "epoch": 3},
        lambda state: {"state_dict": state},
        lambda state: {"model": {f"module.{name}": tensor for name, tensor in state.items()}},
    ],
    ids=["plain", "training checkpoint", "state_dict", "distributed training"],
)
def test_weights_load_as_training_scripts_write_them(saved, state, wrap):
    network, _ = load_network(LITEMEDSAM, saved(wrap(state)))
    assert_same_tensors(network, state)


def test_weights_load_from_torchs_old_file_format(saved, state):
    network, _ = load_network(LITEMEDSAM, saved(state, _use_new_zipfile_serialization=False))
    assert_same_tensors(network, state)


def test_mobilesams_unused_classifier_is_the_only_surplus_that_is_accepted(saved):
    state = build_network(MOBILESAM).state_dict()
    classifier = {
        "image_encoder.norm_head.weight": torch.ones(320),
        "image_encoder.norm_head.bias": torch.zeros(320),
        "image_encoder.head.weight": torch.zeros(1000, 320),
        "image_encoder.head.bias": torch.zeros(1000),
    }
    network, _ = load_network(MOBILESAM, saved({**state, **classifier}))
    assert_same_tensors(network, state)
    error = failure(MOBILESAM, saved({**state, "image_encoder.headache": torch.zeros(1)}))
    assert error.code == "weights_wrong_architecture"


@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("model", ["medsam", "mobilesam", "sam"])
def test_litemedsams_file_given_for_another_model_is_recognized(litemedsam_weights, model):
    error = failure(get_specification(model), litemedsam_weights)
    assert error.code == "weights_wrong_architecture"
    assert "LiteMedSAM" in error.message
    assert get_specification(model).title in error.message


@pytest.mark.usefixtures("unfilled")
def test_missing_surplus_and_misshapen_tensors_are_counted_and_named(saved, state):
    changed = dict(state)
    del changed["image_encoder.neck.0.weight"]
    changed["extra"] = torch.zeros(1)
    changed["mask_decoder.iou_token.weight"] = torch.zeros(2, 256)
    error = failure(LITEMEDSAM, saved(changed))
    assert error.code == "weights_wrong_architecture"
    assert "1 missing (first: image_encoder.neck.0.weight)" in error.message
    assert "1 too many (first: extra)" in error.message
    assert "1 of another shape (first: mask_decoder.iou_token.weight)" in error.message


@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_truncated_file_is_called_incomplete(saved, state, share):
    file = saved(state)
    os.truncate(file, int(file.stat().st_size * share))
    assert failure(LITEMEDSAM, file).code == "weights_truncated"


@pytest.mark.usefixtures("unfilled")
@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_truncated_file_in_torchs_old_format_is_called_damaged(saved, state, share):
    file = saved(state, _use_new_zipfile_serialization=False)
    os.truncate(file, int(file.stat().st_size * share))
    error = failure(LITEMEDSAM, file)
    assert error.code == "weights_unreadable"
    assert "damaged" in error.message


@pytest.mark.usefixtures("unfilled")
def test_number_that_is_cut_off_is_called_damaged(tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"\x80\x02M")
    assert failure(LITEMEDSAM, file).code == "weights_unreadable"


@pytest.mark.usefixtures("unfilled")
def test_damaged_end_is_called_incomplete(saved, state):
    file = saved(state)
    content = bytearray(file.read_bytes())
    number_of_disks = content.rindex(b"PK\x06\x07") + 16
    content[number_of_disks] = 7
    file.write_bytes(content)
    assert failure(LITEMEDSAM, file).code == "weights_truncated"


@pytest.mark.usefixtures("unfilled")
def test_text_file_is_unreadable(tmp_path):
    file = tmp_path / "weights.pth"
    file.write_text("<html>You need to sign in.</html>\n")
    assert failure(LITEMEDSAM, file).code == "weights_unreadable"


@pytest.mark.usefixtures("unfilled")
def test_zip_that_is_no_checkpoint_is_unreadable(tmp_path):
    file = tmp_path / "weights.pth"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    assert failure(LITEMEDSAM, file).code == "weights_unreadable"


@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("content", [torch.zeros(3), [1, 2], {"epoch": 3}, {1: torch.zeros(3)}, {}])
def test_file_without_named_tensors_is_refused(saved, content):
    error = failure(LITEMEDSAM, saved(content))
    assert error.code in ("weights_unreadable", "weights_wrong_architecture")


class RunsOnLoading:
    """Would make a folder if its pickle were trusted."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("write", ["torch", "pickle"])
def test_code_in_a_file_is_not_run(tmp_path, saved, state, write):
    made = tmp_path / "made by the file"
    content = {**state, "extra": RunsOnLoading(made)}
    if write == "torch":
        file = saved(content)
    else:
        file = tmp_path / "weights.pth"
        file.write_bytes(pickle.dumps({"model": RunsOnLoading(made)}, protocol=2))
    assert failure(LITEMEDSAM, file).code == "weights_unreadable"
    assert not made.exists()


@pytest.mark.usefixtures("unfilled")
def test_missing_file_and_folder_are_unreadable(tmp_path):
    assert failure(LITEMEDSAM, tmp_path / "nothing.pth").code == "weights_unreadable"
    assert failure(LITEMEDSAM, tmp_path).code == "weights_unreadable"
