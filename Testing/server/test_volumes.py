import threading

import numpy as np
import pytest

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.volumes.volume_store import VolumeStore


def counting(shape=(4, 5, 6), dtype=np.int16):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slice_is_numpys_take(axis):
    array = counting()
    volume = Volume.from_array(array)
    for index in range(array.shape[axis]):
        np.testing.assert_array_equal(volume.slice(axis, index), array.take(index, axis))


@pytest.mark.parametrize("axis", [3, -1])
def test_unknown_axis_is_an_error(axis):
    with pytest.raises(MedSAMSegError, match=f"{axis} is not an axis") as caught:
        Volume.from_array(counting()).slice(axis, 0)
    assert caught.value.code == "axis_invalid"


@pytest.mark.parametrize(("axis", "index"), [(0, 4), (1, 5), (2, 6), (0, -1)])
def test_slice_outside_the_volume_is_an_error_that_names_the_bounds(axis, index):
    with pytest.raises(MedSAMSegError) as caught:
        Volume.from_array(counting()).slice(axis, index)
    assert caught.value.code == "slice_out_of_range"
    assert f"Slice {index} " in caught.value.message
    assert f"0 to {(4, 5, 6)[axis] - 1}" in caught.value.message


def test_native_array_is_used_as_it_is():
    array = counting()
    assert np.shares_memory(Volume.from_array(array).array, array)


def test_volume_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        Volume.from_array(counting()).array[0, 0, 0] = 1


@pytest.mark.parametrize("dtype", [">i2", ">u4", ">f4", ">f8", "<i8"])
def test_foreign_byte_order_becomes_native_and_the_callers_array_stays(dtype):
    array = counting().astype(dtype)
    before = array.tobytes()
    volume = Volume.from_array(array)
    assert volume.array.dtype.isnative
    np.testing.assert_array_equal(volume.array, array)
    assert array.tobytes() == before


def test_bool_becomes_zero_and_one():
    volume = Volume.from_array(counting() % 3 == 0)
    assert (volume.dtype, volume.array.dtype) == ("bool", np.uint8)
    np.testing.assert_array_equal(volume.array, counting() % 3 == 0)


def test_strided_view_is_taken():
    array = counting((8, 10, 12))[::2, ::-1, 1::3]
    np.testing.assert_array_equal(Volume.from_array(array).array, array)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("owned", [True, False])
def test_voxels_that_are_no_numbers_are_replaced_and_told(dtype, order, owned):
    array = np.asarray(counting().astype(dtype), order=order)
    array[0, 0, :3] = np.nan
    array[1, 1, 1], array[1, 1, 2] = np.inf, -np.inf
    before = array.copy()
    volume = Volume.from_array(array, owned=owned)
    assert volume.array[0, 0].tolist() == [3, 3, 3, 3, 4, 5]
    assert volume.array[1, 1].tolist()[1:3] == [119, 3]
    assert len(volume.notes) == 1
    assert "Replaced 3 voxels that were not a number by 3" in volume.notes[0]
    assert "2 infinite ones" in volume.notes[0]
    assert "119, the largest" in volume.notes[0]
    if not owned:
        np.testing.assert_array_equal(array, before)


def test_missing_voxels_of_a_ct_become_air():
    array = counting().astype(np.float32) - 1000
    array[1, 1, 1] = np.nan
    assert Volume.from_array(array).array[1, 1, 1] == -1000


def test_values_beyond_single_precision_count_as_infinite():
    array = counting(dtype=np.float64)
    array[0, 0, 0], array[0, 0, 1] = -1e300, 1e300
    volume = Volume.from_array(array)
    assert volume.array[0, 0, :2].tolist() == [2, 119]
    assert "2 infinite" in volume.notes[0]


def test_volume_without_any_number_becomes_zero():
    volume = Volume.from_array(np.full((2, 2, 2), np.nan, np.float32))
    assert not volume.array.any()
    assert volume.notes


def test_replacement_works_across_chunks(monkeypatch):
    monkeypatch.setattr("medsamseg_server.volumes.volume._CHUNK_VOXELS", 7)
    array = counting(dtype=np.float32)
    array[array % 10 == 0] = np.nan
    volume = Volume.from_array(array)
    assert "Replaced 12 voxels" in volume.notes[0]
    assert volume.array.min() == 1
    assert np.isfinite(volume.array).all()


def test_whole_numbers_carry_no_notes():
    assert Volume.from_array(counting()).notes == ()


@pytest.mark.parametrize(
    ("array", "code", "words"),
    [
        (np.zeros((5, 5)), "volume_not_3d", "2 dimensions (5 × 5)"),
        (np.zeros((2, 5, 5, 7)), "volume_not_3d", "Choose one time point"),
        (np.zeros((2, 5, 5, 3), np.float32), "volume_not_3d", "uint8 or uint16, not float32"),
        (np.zeros((2, 5, 5, 3), np.int8), "volume_not_3d", "uint8 or uint16, not int8"),
        (np.zeros((2, 0, 5, 3), np.uint8), "volume_empty", "2 × 0 × 5 × 3"),
        (np.zeros(()), "volume_not_3d", "a single number"),
        (np.zeros((2, 0, 5)), "volume_empty", "2 × 0 × 5"),
        (np.zeros((2, 2, 2), np.complex64), "volume_type", "complex64"),
        (np.zeros((2, 2, 2), object), "volume_type", "object"),
        (np.zeros((2, 2, 2), [("r", "u1"), ("g", "u1")]), "volume_type", "'r'"),
        (np.zeros((2, 2, 2), "datetime64[s]"), "volume_type", "datetime64"),
        (np.zeros((2, 2, 2), "S3"), "volume_type", "S3"),
        (np.zeros((2, 2, 2), np.longdouble), "volume_type", "float128"),
    ],
)
def test_what_is_no_volume_is_refused(array, code, words):
    with pytest.raises(MedSAMSegError) as caught:
        Volume.from_array(array)
    assert caught.value.code == code
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_percentiles_are_worked_out_once(monkeypatch):
    volume = Volume.from_array(counting())
    first = volume.window("auto")
    monkeypatch.setattr("medsamseg_server.volumes.volume.resolve_window", None)
    assert volume.window("auto") is first


def test_store_gives_back_what_it_was_given():
    store, volume = VolumeStore(), Volume.from_array(counting())
    assert store.put("a", volume) == (volume, True)
    assert store.get("a") is volume


def test_store_keeps_the_first_of_two_equal_volumes():
    store, first, second = VolumeStore(), Volume.from_array(counting()), Volume.from_array(counting())
    store.put("a", first)
    assert store.put("a", second) == (first, False)


def test_store_keeps_a_limited_number_of_volumes_however_small():
    volume, store = Volume.from_array(counting()), VolumeStore()
    for number in range(65):
        store.put(str(number), volume)
    assert store.get("1") is store.get("64") is volume
    with pytest.raises(MedSAMSegError):
        store.get("0")


def test_store_forgets_the_volume_unused_for_longest():
    volume = Volume.from_array(counting())
    store = VolumeStore(budget=volume.nbytes * 2)
    for key in "ab":
        store.put(key, volume)
    store.get("a")
    store.put("c", volume)
    store.get("a")
    store.get("c")
    with pytest.raises(MedSAMSegError) as caught:
        store.get("b")
    assert caught.value.code == "volume_unknown"
    assert "Upload it again" in caught.value.hint


def test_a_look_at_a_volume_does_not_count_as_use():
    volume = Volume.from_array(counting())
    store = VolumeStore(budget=volume.nbytes * 2)
    for key in "ab":
        store.put(key, volume)
    assert store.peek("a") is volume
    store.put("c", volume)
    with pytest.raises(MedSAMSegError) as caught:
        store.peek("a")
    assert caught.value.code == "volume_unknown"


def test_store_keeps_the_newest_volume_even_above_its_budget():
    store = VolumeStore(budget=1)
    store.put("a", Volume.from_array(counting()))
    store.put("b", Volume.from_array(counting()))
    store.get("b")
    with pytest.raises(MedSAMSegError):
        store.get("a")


def test_removed_volume_is_unknown():
    store = VolumeStore()
    store.put("a", Volume.from_array(counting()))
    store.remove("a")
    for ask in (store.get, store.remove):
        with pytest.raises(MedSAMSegError) as caught:
            ask("a")
        assert caught.value.code == "volume_unknown"


def test_many_threads_putting_one_volume_get_one_volume():
    store, results = VolumeStore(), []
    start = threading.Barrier(8)

    def put():
        volume = Volume.from_array(counting())
        start.wait()
        results.append(store.put("a", volume))

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(volume) for volume, _ in results}) == 1
    assert sum(is_new for _, is_new in results) == 1
