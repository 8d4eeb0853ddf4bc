#!/bin/sh
# OpenVINO's cache of compiled models (CACHE_DIR) goes on giving the old network after its weights were replaced: for a model that is compiled by its
# path, it looks at the .xml alone, which has the layers; the weights lie in the .bin beside it. A model that was
# trained again has the same .xml, byte for byte, so that tools that copy what has changed (git, rsync --checksum, layers of images) leave it as it is.
# Compiled after read_model, the new weights are seen.
# Seen with openvino 2026.4.1. Prints the answers before and after the .bin was replaced; fails when the new weights are used.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openvino==2026.4.1 numpy==2.4.6
cd "$folder"
cat >save.py <<'PYTHON'
import sys

sys.modules["openvino_telemetry"] = None

import numpy as np
import openvino
import openvino.opset13 as operations

# A "training": all weights are the second argument.
values = operations.parameter([1, 64], np.float32, name="values")
weights = operations.constant(np.full((64, 64), float(sys.argv[2]), np.float32), name="weights")
product = operations.matmul(values, weights, False, False, name="product")
model = openvino.Model([operations.result(product, name="result")], [values], "network")
openvino.save_model(model, sys.argv[1], compress_to_fp16=False)
PYTHON
cat >answer.py <<'PYTHON'
import sys

sys.modules["openvino_telemetry"] = None

import numpy as np
import openvino

core = openvino.Core()
core.set_property({"CACHE_DIR": "cache"})
model = core.read_model("deployed/model.xml") if "read" in sys.argv else "deployed/model.xml"
print(core.compile_model(model, "CPU")(np.ones((1, 64), np.float32))[0][0, 0])
PYTHON
mkdir first second deployed
"$folder/venv/bin/python" save.py first/model.xml 1
"$folder/venv/bin/python" save.py second/model.xml 2
cmp first/model.xml second/model.xml && echo "both trainings have the same .xml"
cp first/model.* deployed
before=$("$folder/venv/bin/python" answer.py)
# What differs is copied: the .bin, with a later time.
cp second/model.bin deployed
after=$("$folder/venv/bin/python" answer.py)
read=$("$folder/venv/bin/python" answer.py read)
echo "first weights: $before; second weights, by path: $after; second weights, by read_model: $read"
[ "$before" = 64.0 ] && [ "$after" = 64.0 ] && [ "$read" = 128.0 ]
