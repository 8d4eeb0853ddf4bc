import hashlib
import tracemalloc

import numpy as np
import pytest
from server_fakes import npy

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.volumes.npy_upload import VolumeUpload, parse_npy


def counting(dtype="<i2", shape=(4, 5, 6)):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def handcrafted(header, data=b"\0" * 8, version=(1, 0), length=None):
    text = header.encode() if isinstance(header, str) else header
    size = len(text) if length is None else length
    return b"\x93NUMPY" + bytes(version) + size.to_bytes(2 if version[0] == 1 else 4, "little") + text + data


def header(descr="'<u1'", order="False", shape="(2, 2, 2)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}\n"


REAL_TYPES = ["i1", "u1", "?", *(o + t for o in "<>" for t in ("i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"))]


@pytest.mark.parametrize("dtype", REAL_TYPES)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_every_real_type_in_either_byte_and_array_order(dtype, order, version):
    array = np.asarray(counting(dtype), order=order)
    volume = parse_npy(npy(array, version=version))
    assert volume.array.dtype.isnative
    assert volume.dtype == array.dtype.name
    np.testing.assert_array_equal(volume.array, array)


@pytest.mark.parametrize("piece", [1, 3, 7, 64, 127, 128, 129, 1000])
def test_pieces_of_any_size_make_the_same_volume_and_key(piece):
    body = npy(counting(">f4"))
    upload = VolumeUpload(len(body))
    for start in range(0, len(body), piece):
        upload.feed(body[start : start + piece])
        upload.hash_received()
        assert upload.unhashed == 0
    volume, key = upload.finish()
    assert key == hashlib.sha256(body).hexdigest()
    np.testing.assert_array_equal(volume.array, counting())


@pytest.mark.parametrize("dtype", ["<i2", ">f4", "?"])
@pytest.mark.parametrize("piece", [65536, 2**30])
def test_voxels_are_held_once(dtype, piece):
    body = memoryview(npy(np.zeros((64, 128, 128), dtype)))
    tracemalloc.start()
    upload = VolumeUpload(len(body))
    for start in range(0, len(body), piece):
        upload.feed(body[start : start + piece])
        upload.hash_received()
    volume, _ = upload.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Looking for numbers that are none takes a chunk at a time.
    assert peak < volume.nbytes + 6 * 2**20


def test_bool_bytes_other_than_one_are_true():
    volume = parse_npy(handcrafted(header("'|b1'"), bytes([0, 1, 2, 255, 0, 0, 7, 1])))
    assert volume.array.ravel().tolist() == [0, 1, 1, 1, 0, 0, 1, 1]


@pytest.mark.parametrize("cut", [0, 1, 5, 6, 7, 9, 10, 11, 60, 127, 128, 129, -1])
def test_body_that_ends_early_is_refused(cut):
    body = npy(counting())
    with pytest.raises(MedSAMSegError) as caught:
        parse_npy(body[:cut])
    assert caught.value.code == "npy_invalid"


def test_needlessly_long_header_is_refused_before_it_has_arrived():
    body = handcrafted(header() + " " * 5000)
    with pytest.raises(MedSAMSegError, match="header would be"):
        VolumeUpload(len(body)).feed(body[:20])


def test_connection_that_ends_early_is_refused():
    body = npy(counting())
    upload = VolumeUpload(len(body))
    upload.feed(body[:-1])
    with pytest.raises(MedSAMSegError, match="ends after"):
        upload.finish()


def test_more_bytes_than_announced_are_refused():
    body = npy(counting())
    upload = VolumeUpload(len(body))
    upload.feed(body)
    with pytest.raises(MedSAMSegError, match="more than the announced"):
        upload.feed(b"x")


def test_bytes_after_the_array_are_refused():
    with pytest.raises(MedSAMSegError, match="240 bytes of voxels are announced and 241 sent"):
        parse_npy(npy(counting()) + b"x")


def test_nothing_is_allocated_for_a_huge_array_in_a_small_body():
    tracemalloc.start()
    with pytest.raises(MedSAMSegError) as caught:
        parse_npy(handcrafted(header("'<f8'", shape="(100000, 100000, 100000)")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "npy_invalid"
    assert peak < 10**6


def test_too_little_memory_is_told(monkeypatch):
    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr("medsamseg_server.volumes.npy_upload.np.empty", no_memory)
    with pytest.raises(MedSAMSegError) as caught:
        parse_npy(npy(counting()))
    assert caught.value.code == "volume_too_large"


def test_pickled_objects_are_refused_unread(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    array = np.empty((1, 1, 1), object)
    array[0, 0, 0] = Trap()
    with pytest.raises(MedSAMSegError) as caught:
        parse_npy(npy(array))
    assert caught.value.code == "volume_type"
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (np.zeros((4, 2, 2, 3), np.uint8), "volume_not_3d"),
        (np.zeros((4, 2)), "volume_not_3d"),
        (np.zeros((4, 0, 2)), "volume_empty"),
        (np.zeros((2, 2, 2), np.complex128), "volume_type"),
        (np.zeros((2, 2, 2), [("a", "f4"), ("b", "i2")]), "volume_type"),
        (np.zeros((2, 2, 2), np.longdouble), "volume_type"),
    ],
)
def test_arrays_that_are_no_volumes_are_refused(array, code):
    with pytest.raises(MedSAMSegError) as caught:
        parse_npy(npy(array))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "body",
    [
        b"not an array at all",
        b"PK\x03\x04 a zip file",
        b"\x93NUMPX\x01\x00" + b"\0" * 200,
        handcrafted(header(), version=(3, 0)),
        handcrafted(header(), version=(0, 0)),
        handcrafted(header(), version=(9, 9)),
        handcrafted("", length=0),
        handcrafted(header(), version=(2, 0), length=2**32 - 1),
        handcrafted("x" * 20000),
        handcrafted("[1, 2, 3]\n"),
        handcrafted("{'descr': '<u1'}\n"),
        handcrafted("{'descr': '<u1', 'fortran_order': False, 'shape': (2, 2, 2), 'more': 1}\n"),
        handcrafted("{'descr': __import__('os').system('false'), 'fortran_order': False, 'shape': (2, 2, 2)}\n"),
        handcrafted(header("'nonsense'")),
        handcrafted(header("'<u1'", order="1")),
        handcrafted(header("12")),
        handcrafted(header("None")),
        handcrafted(header("[]")),
        handcrafted(header("{'names': 3}")),
        handcrafted(header(shape="2, 2, 2, }")),
        handcrafted(header(shape="'abc'")),
        handcrafted(header(shape="[2, 2, 2]")),
        handcrafted(header(shape="(2.0, 2, 2)")),
        handcrafted(header(shape="(-2, -2, 2)")),
        handcrafted(header(shape="(2, 2, -2)")),
        handcrafted(header(shape="(2, 2, 10**9)")),
        handcrafted(header(shape=f"(2, 2, {10**30})")),
        handcrafted(header(shape="(" * 300 + ")" * 300)),
        handcrafted(header(shape="-" * 5000 + "1")),
        handcrafted(header(shape="(" + "1," * 2000 + ")")),
        handcrafted(b"\xff\xfe\x00 not text \x80\n"),
        handcrafted("{'descr': '<u1', 'fortran_order': False, 'shape': (2, 2, 2)\n"),
        handcrafted("\0" * 100),
        handcrafted(header("('<u1', (2,))")),
        handcrafted(header("'|V8'")),
        handcrafted(header("'<U2'")),
    ],
)
def test_handcrafted_headers_are_refused_with_a_clear_error(body):
    with pytest.raises(MedSAMSegError) as caught:
        parse_npy(body)
    assert caught.value.code in ("npy_invalid", "volume_type", "volume_not_3d", "volume_empty")
    assert len(caught.value.message) < 400


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_damaged_headers_never_raise_anything_else():
    random = np.random.default_rng(11)
    whole = npy(counting())
    letters = np.frombuffer(b"0123456789()[]{},.-'<>|=?biufcSUVOMm: ", np.uint8)
    outcomes = set()
    for _ in range(3000):
        body = bytearray(whole)
        for position in random.integers(0, 90, random.integers(1, 4)):
            body[position] = random.choice(letters) if random.random() < 0.8 else random.integers(0, 256)
        try:
            volume = parse_npy(bytes(body))
            outcomes.add("read")
            assert volume.array.size * volume.array.itemsize == 240
        except MedSAMSegError as error:
            outcomes.add(error.code)
    assert {"read", "npy_invalid", "volume_type"} <= outcomes
