"""Every command that runs networks asks in the same way which one, where, and with what."""

import pytest

from medsamseg_server.cli import engine_options
from medsamseg_server.cli.command_line import make_parser
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.runtime import choice
from medsamseg_server.weights.store import ModelStore

COMMANDS = {
    "segment": ["segment", "ct.nrrd", "-o", "mask.nrrd"],
    "propose": ["propose", "ct.nrrd", "-o", "mask.nrrd"],
    "evaluate": ["evaluate", "manifest.json"],
    "study": ["study", "manifest.json"],
    "cache precompute": ["cache", "precompute", "ct.nrrd"],
    "serve": ["serve"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_device_and_runtime_reach_the_network(command, monkeypatch, tmp_path):
    args = make_parser().parse_args([*command, "--device", "cpu", "--runtime", "torch", "--model", "mobilesam"])
    loaded = []
    monkeypatch.setattr(choice, "load_predictor", lambda specification, _, *where: loaded.append(where))
    store = ModelStore(tmp_path)
    store.final_path(args.model).write_bytes(b"no weights")
    with pytest.raises(AttributeError):
        # The network that nobody has loaded.
        engine_options.make_engine(args, store).predictor(args.model)
    assert loaded == [("cpu", "torch")]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("option", "value"), [("--device", "tpu"), ("--runtime", "onnx")])
def test_what_is_none_is_refused(command, option, value):
    with pytest.raises(MedSAMSegError, match=value) as caught:
        make_parser().parse_args([*command, option, value])
    assert caught.value.code == "usage"
