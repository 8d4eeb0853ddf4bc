"""The bytes of a volume on their way to the server."""

import hashlib
import io

import numpy as np
import pytest

from MedSAMSegLib.client import npyUpload
from MedSAMSegLib.client.npyUpload import NpyUpload

VOXELS = np.arange(2 * 6 * 5, dtype=np.int16).reshape(2, 6, 5)


@pytest.mark.parametrize(
    "array",
    [VOXELS, VOXELS.T, VOXELS[:, ::2, ::-1], VOXELS.astype(">f8")],
    ids=["as loaded", "transposed", "cut out and reversed", "big-endian"],
)
def test_bytesAreANpyFileNamedByItsChecksum(monkeypatch, array):
    monkeypatch.setattr(npyUpload, "CHUNK_BYTES", 7)
    upload = NpyUpload(array)
    content = b"".join(upload.chunks())
    loaded = np.load(io.BytesIO(content), allow_pickle=False)
    np.testing.assert_array_equal(loaded, array)
    assert loaded.dtype == array.dtype
    assert upload.byteCount == len(content)
    assert upload.key == hashlib.sha256(content).hexdigest()
