#!/bin/sh
# pydicom's apply_modality_lut subtracts the first mapped value in the pixels' own type. For signed pixels and a table that
# begins at a negative value, as PS3.3 C.11.1 allows, differences beyond that type wrap round to negative numbers, which
# get the table's first entry: large values become the smallest ones, without a word.
# Seen with pydicom 3.0.2 and numpy 2.4.6: of stored -30000 and 3000, the second is given the entry of the first mapped
# value. Prints stored values, expected and given ones; fails when they agree.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pydicom==3.0.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut

first, count = -30000, 32767
table = np.arange(count) + 7
entries = Dataset()
entries.add_new("LUTDescriptor", "SS", [count, first, 16])
entries.add_new("LUTData", "US", table.tolist())
header = Dataset()
header.ModalityLUTSequence = [entries]
stored = np.array([-30000, 0, 2766, 3000], np.int16)
expected = table[np.clip(stored.astype(int) - first, 0, count - 1)]
given = apply_modality_lut(stored, header)
print("stored:", stored.tolist(), "expected:", expected.tolist(), "given:", given.tolist())
assert given[:3].tolist() == expected[:3].tolist()
assert given[3] == table[0] != expected[3]
PYTHON
