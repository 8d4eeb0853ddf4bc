"""Encoder and decoder of each model against named baselines."""

from bench.contenders import Contender, inTurns, quartiles, ratio

#: Contenders by model; all are in memory at once, so that they can take turns.
CONTENDERS = {
    "litemedsam": ("eager", "onnxruntime", "torch", "openvino", "medsamseg"),
    "medsam": ("eager", "transformers", "torch", "openvino", "medsamseg"),
}
#: Rounds of (encoder, decoder).
ROUNDS = {"litemedsam": (9, 15), "medsam": (3, 9)}
#: Rounds of a batch.
BATCH_ROUNDS = 5
#: Boxes of the batch that is compared with a single box.
BATCH = 16


def measureNetworks(model, weights, precision, quick=False):
    """Return ({row: quartiles of seconds}, {ratio: value}) of a model.

    :param model: name of the model.
    :param weights: its weights' file.
    :param precision: what MedSAMSeg uses for the model on this processor; bare OpenVINO gets the same.
    :param quick: one round of each, to see whether everything runs.
    """
    contenders = [Contender(name, model, weights, precision) for name in CONTENDERS[model]]
    encoderRounds, decoderRounds = (1, 1) if quick else ROUNDS[model]
    try:
        encoding = inTurns(contenders, "encode", encoderRounds)
        decoding = inTurns(contenders, "decode", decoderRounds)
        batches = inTurns(contenders, f"decode {BATCH}", 1 if quick else BATCH_ROUNDS)
    finally:
        for contender in contenders:
            contender.end()
    rows = {f"{model} encoder, {name}": quartiles(values) for name, values in encoding.items()}
    rows |= {f"{model} decoder, {name}": quartiles(values) for name, values in decoding.items()}
    rows |= {f"{model} decoder of {BATCH} boxes, {name}": quartiles(values) for name, values in batches.items()}
    ratios = {}
    for part, seconds in (("encoder", encoding), ("decoder", decoding), (f"decoder_{BATCH}_boxes", batches)):
        for baseline in CONTENDERS[model][:-1]:
            if baseline == "openvino":
                ratios[f"{part}_vs_openvino"] = ratio(seconds, "medsamseg", "openvino")
            else:
                ratios[f"{part}_vs_{baseline}"] = ratio(seconds, baseline, "medsamseg")
    batch = rows[f"{model} decoder of {BATCH} boxes, medsamseg"]["median"]
    ratios[f"decoder_{BATCH}_boxes_vs_one"] = batch / rows[f"{model} decoder, medsamseg"]["median"]
    ratios[f"decoder_{BATCH}_boxes_vs_eager_one"] = batch / rows[f"{model} decoder, eager"]["median"]
    return rows, ratios
