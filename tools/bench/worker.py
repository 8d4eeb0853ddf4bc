"""A network in a process of its own, so that no contender gains or suffers by another one's settings.

Usage: worker.py CONTENDER MODEL WEIGHTS PRECISION. Prints a line when it is ready, then runs what each line of standard
input asks for, ``encode`` or ``decode B`` (B boxes), and answers with the seconds it took.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Testing" / "models"))

from medsamseg_server.weights.catalog import get_specification

BOX = (50, 60, 120, 140)


def eager(specification, weights, precision):
    """The authors' modules as they are, in a process as it is."""
    import torch

    from medsamseg_server.weights.loading import load_network

    network, _digest = load_network(specification, weights)

    def encode(prepared):
        with torch.inference_mode():
            return network.encode(torch.from_numpy(prepared)[None])

    def decode(embedding, boxes):
        with torch.inference_mode():
            return network.decode(embedding, torch.from_numpy(boxes), None)[0].numpy()

    return encode, decode


def torch_here(specification, weights, precision):
    """MedSAMSeg's PyTorch runtime."""
    from medsamseg_server.runtime.choice import load_predictor

    return _ours(load_predictor(specification, weights, "cpu", "torch"))


def medsamseg(specification, weights, precision):
    """What users get on the processor."""
    from medsamseg_server.runtime.openvino_runtime import load_predictor

    return _ours(load_predictor(specification, weights, precision))


def _ours(predictor):
    runner, is_coarse = predictor._runner, predictor.specification.coarse_surroundings

    def decode(embedding, boxes):
        return runner.decode(embedding, boxes, None, coarse_surroundings=is_coarse)[0]

    return predictor.encode_prepared, decode


def transformers(specification, weights, precision):
    """Hugging Face's implementation of SAM's ViT-B, with weights of its own: the time does not depend on them."""
    from hugging_face_sam import HuggingFaceSam

    network = HuggingFaceSam()
    return network.encode, lambda embedding, boxes: network.decode(embedding, boxes=boxes)[0]


def openvino(specification, weights, precision):
    """The authors' modules through OpenVINO's converter and its hint for latency, and nothing else."""
    import openvino as ov
    import torch

    from medsamseg_server.runtime.openvino_conversion import _convert
    from medsamseg_server.weights.loading import load_network

    network, _digest = load_network(specification, weights)
    size = specification.input_size

    class Decoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, embedding, boxes):
            return self.network.decode(embedding, boxes, None)

    # It has one number format for the whole network: against a mixed one, the faster of the two.
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32" if precision == "fp32" else "bf16"}
    image, embedding = (1, 3, size, size), (1, 256, 64, 64)
    models = [
        _convert(network.image_encoder, (torch.zeros(image),), (image,)),
        _convert(Decoder(), (torch.zeros(embedding), torch.zeros(2, 4)), (embedding, (-1, 4))),
    ]
    encoder, decoder = (ov.compile_model(model, "CPU", settings).create_infer_request() for model in models)

    def decode(image_embedding, boxes):
        return decoder.infer({0: image_embedding, 1: boxes})[0].copy()

    return lambda prepared: encoder.infer({0: prepared[None]})[0].copy(), decode


def onnxruntime(specification, weights, precision):
    """What ``medsamseg export onnx`` writes, in ONNX Runtime as it is, in single precision."""
    import onnxruntime as ort

    from medsamseg_server.exporting.onnx_files import DECODER_FILE, ENCODER_FILE, export_network
    from medsamseg_server.exporting.onnx_parts import DECODER_INPUTS, ENCODER_INPUTS
    from medsamseg_server.weights.loading import load_network

    network, _digest = load_network(specification, weights)
    with tempfile.TemporaryDirectory() as folder:
        export_network(network, specification.input_size, Path(folder))
        encoder, decoder = (
            ort.InferenceSession(Path(folder) / name, providers=["CPUExecutionProvider"])
            for name in (ENCODER_FILE, DECODER_FILE)
        )

    def decode(embedding, boxes):
        corners = boxes.reshape(-1, 2, 2)
        labels = np.tile(np.array([2, 3], np.float32), (len(boxes), 1))
        return decoder.run(None, dict(zip(DECODER_INPUTS, (embedding, corners, labels), strict=True)))[0]

    return lambda prepared: encoder.run(None, {ENCODER_INPUTS[0]: prepared[None]})[0], decode


CONTENDERS = {
    "eager": eager,
    "torch": torch_here,
    "medsamseg": medsamseg,
    "transformers": transformers,
    "openvino": openvino,
    "onnxruntime": onnxruntime,
}


def main():
    """Serve."""
    name, model, weights, precision = sys.argv[1:]
    specification = get_specification(model)
    encode, decode = CONTENDERS[name](specification, Path(weights), precision)
    generator = np.random.default_rng(0)
    prepared = generator.random((3, specification.input_size, specification.input_size), np.float32)
    embedding = encode(prepared)
    scale = specification.input_size / 256
    print("ready", flush=True)
    for line in sys.stdin:
        what, *count = line.split()
        boxes = np.tile(np.array(BOX, np.float32) * scale, (int(count[0]) if count else 1, 1))
        started = time.perf_counter()
        encode(prepared) if what == "encode" else decode(embedding, boxes)
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
