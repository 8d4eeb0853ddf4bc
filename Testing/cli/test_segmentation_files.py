"""Segmentation files: opened by Slicer's own reader with name and color, in place; and nothing half-written."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io import segmentations
from medsamseg_server.image_io.dicom_masks import DICOM_SUFFIX
from medsamseg_server.image_io.image import DicomSource, Geometry, ScanPlace
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.segmentations import (
    OUTPUT_SUFFIXES,
    VOLUME_SUFFIXES,
    check_output,
    color_of,
    write_segmentation,
    writer_of,
)

COSINE, SINE = np.cos(0.3), np.sin(0.3)
#: Anisotropic, rotated and left-handed.
GEOMETRY = Geometry((0.8, 1.1, 2.5), (-10.0, 20.0, 5.5), (COSINE, -SINE, 0, SINE, COSINE, 0, 0, 0, -1))


@pytest.fixture
def mask():
    made = np.zeros((7, 6, 5), np.uint8)
    made[2:5, 1:4, 3] = 1
    return made


def failure_of(function, *arguments, **options):
    with pytest.raises(MedSAMSegError) as raised:
        function(*arguments, **options)
    return raised.value


@pytest.mark.parametrize("suffix", VOLUME_SUFFIXES)
def test_voxels_and_geometry_are_the_same_in_every_format(tmp_path, mask, suffix):
    path = tmp_path / f"out{suffix}"
    write_segmentation(path, Segment("Tumor", mask), ScanPlace(GEOMETRY))
    image = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), mask)
    assert image.GetPixelID() == sitk.sitkUInt8
    np.testing.assert_allclose(image.GetSpacing(), GEOMETRY.spacing, rtol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), GEOMETRY.origin, rtol=1e-6)
    np.testing.assert_allclose(image.GetDirection(), GEOMETRY.direction, atol=1e-6)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.fixture
def slicer_node():
    """Opens a file with Slicer's own reader; returns the segmentation node."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    import slicer

    from slicerhost.host import Host

    host = Host.shared()
    host.clearScene()

    def open_file(path):
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        storage = slicer.vtkMRMLSegmentationStorageNode()
        storage.SetFileName(str(path))
        assert storage.ReadData(node)
        return node

    yield open_file
    errors = host.vtkErrors
    host.clearScene()
    assert not errors


@pytest.fixture
def slicer_segment(slicer_node):
    """Opens a file with Slicer's own reader; returns the only segment, its mask and voxel-to-world matrix."""
    import slicer
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    def open_file(path):
        node = slicer_node(path)
        assert node.GetSegmentation().GetNumberOfSegments() == 1
        segment = node.GetSegmentation().GetNthSegment(0)
        labelmap = slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(node.GetSegmentation().GetNthSegmentID(0), labelmap)
        x0, x1, y0, y1, z0, z1 = labelmap.GetExtent()
        voxels = vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1)
        matrix = vtk.vtkMatrix4x4()
        labelmap.GetImageToWorldMatrix(matrix)
        matrix = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
        return segment, (x0, y0, z0), voxels, matrix

    return open_file


@pytest.mark.parametrize("name", ["Tumour", "Läsion 1; α := β"])
def test_slicer_opens_a_segmentation_with_name_color_voxels_and_place(tmp_path, mask, slicer_segment, name):
    path = tmp_path / "out.seg.nrrd"
    write_segmentation(path, Segment(name, mask, (0.25, 0.5, 1.0)), ScanPlace(GEOMETRY))
    segment, start, voxels, matrix = slicer_segment(path)
    assert segment.GetName() == name
    assert segment.GetColor() == (0.25, 0.5, 1.0)
    assert start == (0, 0, 0)
    np.testing.assert_array_equal(voxels, mask)
    lps_to_ras = np.diag([-1, -1, 1])
    expected = lps_to_ras @ np.array(GEOMETRY.direction).reshape(3, 3) @ np.diag(GEOMETRY.spacing)
    np.testing.assert_allclose(matrix[:3, :3], expected, atol=1e-9)
    np.testing.assert_allclose(matrix[:3, 3], lps_to_ras @ GEOMETRY.origin, atol=1e-9)


@pytest.mark.parametrize("overlapping", [False, True])
def test_slicer_opens_several_segments(tmp_path, mask, slicer_node, overlapping):
    import slicer
    from vtk.util.numpy_support import vtk_to_numpy

    other = np.roll(mask, 1, axis=1) if overlapping else np.roll(mask, -1, axis=2)
    third = np.roll(mask, 1, axis=2)
    masks = {"First": mask, "Second": other, "Third": third}
    segments = [Segment(name, each, color_of(n)) for n, (name, each) in enumerate(masks.items())]
    write_segmentation(tmp_path / "out.seg.nrrd", segments, ScanPlace(GEOMETRY))
    node = slicer_node(tmp_path / "out.seg.nrrd")
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfLayers() == (2 if overlapping else 1)
    for number, (name, expected) in enumerate(masks.items()):
        segment = segmentation.GetNthSegment(number)
        assert segment.GetName() == name
        np.testing.assert_allclose(segment.GetColor(), color_of(number), atol=1e-3)
        labelmap = slicer.vtkOrientedImageData()
        node.GetBinaryLabelmapRepresentation(segmentation.GetNthSegmentID(number), labelmap)
        x0, x1, y0, y1, z0, z1 = labelmap.GetExtent()
        found = np.zeros_like(mask)
        voxels = vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1)
        found[z0 : z1 + 1, y0 : y1 + 1, x0 : x1 + 1] = voxels > 0
        np.testing.assert_array_equal(found, expected)


def test_a_label_map_numbers_its_objects_and_refuses_overlap(tmp_path, mask):
    segments = [Segment("First", mask), Segment("Second", np.roll(mask, 1, axis=2))]
    write_segmentation(tmp_path / "out.nrrd", segments, ScanPlace(GEOMETRY))
    expected = mask + 2 * segments[1].mask
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nrrd"))), expected)
    error = failure_of(write_segmentation, tmp_path / "both.nrrd", [segments[0]] * 2, ScanPlace(GEOMETRY))
    assert error.code == "overlap_in_labelmap"
    assert not (tmp_path / "both.nrrd").exists()


def test_slicer_opens_an_empty_segment(tmp_path, mask, slicer_segment):
    write_segmentation(tmp_path / "out.seg.nrrd", Segment("Nothing", mask * 0), ScanPlace(GEOMETRY))
    segment, _, voxels, _ = slicer_segment(tmp_path / "out.seg.nrrd")
    assert (segment.GetName(), voxels.sum()) == ("Nothing", 0)


@pytest.mark.parametrize("suffix", [suffix for suffix in OUTPUT_SUFFIXES if not suffix.endswith(DICOM_SUFFIX)])
def test_what_a_file_says_that_it_holds_is_what_it_holds(tmp_path, mask, suffix):
    writer, path = writer_of(tmp_path / f"out{suffix}"), tmp_path / f"out{suffix}"
    assert suffix in writer.suffixes
    two = [Segment("A", mask), Segment("B", mask)]
    cases = {"slices": [two[0]], "overlap": [Segment(each.name, each.mask[2:3]) for each in two]}
    held = {"slices": writer.holds_slices, "overlap": writer.holds_overlap}
    codes = {"slices": "output_not_flat", "overlap": "overlap_in_labelmap"}
    for what, segments in cases.items():
        if held[what]:
            write_segmentation(path, segments, ScanPlace(GEOMETRY))
            assert sitk.ReadImage(str(path)).GetNumberOfComponentsPerPixel() == (2 if what == "overlap" else 1)
            path.unlink()
        else:
            assert failure_of(write_segmentation, path, segments, ScanPlace(GEOMETRY)).code == codes[what]
    assert not path.exists()


def test_a_new_type_of_file_is_a_row_and_knows_where_the_scan_came_from(tmp_path, mask, monkeypatch):
    class Uids:
        suffixes = (".uids",)
        holds_overlap = holds_slices = True

        def write(self, path, segments, layers, place):
            path.write_text(" ".join([segments[0].name, place.source.series_uid, *place.source.sop_instance_uids]))

    monkeypatch.setattr(segmentations, "WRITERS", (*segmentations.WRITERS, Uids()))
    source = DicomSource("1.2", (Path("a.dcm"), Path("b.dcm")), ("1.2.1", "1.2.2"), (0, 0))
    check_output(tmp_path / "out.uids")
    write_segmentation(tmp_path / "out.uids", [Segment("A", mask)] * 2, ScanPlace(GEOMETRY, source=source))
    assert (tmp_path / "out.uids").read_text() == "A 1.2 1.2.1 1.2.2"


@pytest.mark.parametrize("name", ["out", "out.dicom", "out.nrrd.txt", ".seg.nrrd", "out.jpg"])
def test_an_unknown_suffix_is_told_with_the_known_ones(tmp_path, name):
    error = failure_of(check_output, tmp_path / name)
    assert (error.kind, error.code) == (ErrorKind.INVALID_INPUT, "output_suffix")
    assert all(suffix in error.hint for suffix in OUTPUT_SUFFIXES)


@pytest.mark.parametrize("name", ["OUT.NRRD", "a.b.nii.gz"])
def test_suffixes_count_whatever_stands_before_them(tmp_path, name):
    check_output(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_unless_asked(tmp_path):
    (tmp_path / "out.nrrd").write_text("precious")
    error = failure_of(check_output, tmp_path / "out.nrrd")
    assert (error.kind, error.code) == (ErrorKind.CANNOT_WRITE, "output_exists")
    check_output(tmp_path / "out.nrrd", overwrite=True)
    assert (tmp_path / "out.nrrd").read_text() == "precious"


def test_a_folder_is_no_output(tmp_path):
    (tmp_path / "out.nrrd").mkdir()
    assert failure_of(check_output, tmp_path / "out.nrrd", overwrite=True).code == "output_is_folder"


def test_a_missing_folder_is_told(tmp_path):
    error = failure_of(check_output, tmp_path / "none" / "out.nrrd")
    assert (error.kind, error.code) == (ErrorKind.CANNOT_WRITE, "folder_missing")
    assert f"{tmp_path / 'none'} does not exist" in error.message


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    assert "is not a folder" in failure_of(check_output, tmp_path / "file" / "out.nrrd").message


def test_a_folder_where_not_even_root_may_write_is_told():
    error = failure_of(check_output, Path("/proc/self/out.nrrd"))
    assert (error.kind, "/proc/self" in error.message) == (ErrorKind.CANNOT_WRITE, True)


@pytest.mark.parametrize(
    ("errno", "code"),
    [(13, "no_write_permission"), (1, "no_write_permission"), (30, "read_only_folder"), (28, "disk_full")],
)
def test_what_the_system_refuses_is_told_in_words(tmp_path, monkeypatch, errno, code):
    def refuse(*_, **__):
        raise OSError(errno, os.strerror(errno))

    monkeypatch.setattr("medsamseg_server.system.safe_files.tempfile.TemporaryFile", refuse)
    error = failure_of(check_output, tmp_path / "out.nrrd")
    assert (error.kind, error.code) == (ErrorKind.CANNOT_WRITE, code)
    assert str(tmp_path) in error.message


def test_a_full_disk_is_told_beforehand(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(
        "medsamseg_server.system.safe_files.shutil.disk_usage", lambda folder: usage._replace(free=5000)
    )
    error = failure_of(check_output, tmp_path / "out.nrrd")
    assert (error.code, "has 5.0 kB free, but 1.0 MB are needed" in error.message) == ("disk_full", True)


def test_a_disk_that_fills_up_while_writing_leaves_the_old_file(tmp_path, mask, monkeypatch):
    path = tmp_path / "out.nrrd"
    path.write_text("the old one")

    def fill_the_disk(image, name, useCompression):
        Path(name).write_bytes(b"half")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(sitk, "WriteImage", fill_the_disk)
    error = failure_of(write_segmentation, path, Segment("Tumor", mask), ScanPlace(GEOMETRY))
    assert (error.kind, error.code) == (ErrorKind.CANNOT_WRITE, "disk_full")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["the old one"]


def write_with_little_room(folder):
    """Write noise in every format while the system cuts each file off after 20,000 bytes; print what is said of each.

    Run as a process.
    """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    noise, said = np.random.default_rng(0).integers(0, 2, (20, 200, 200), np.uint8), {}
    for suffix in VOLUME_SUFFIXES:
        try:
            write_segmentation(Path(folder) / f"out{suffix}", Segment("Tumor", noise), ScanPlace(GEOMETRY))
        except MedSAMSegError as error:
            said[suffix] = f"{error.kind.name} {error.message}"
    print(json.dumps(said))


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory):
    """What was said of each format, and the folder in which all were written."""
    folder = tmp_path_factory.mktemp("cut off")
    result = subprocess.run([sys.executable, __file__, str(folder)], capture_output=True, text=True, check=True)
    return json.loads(result.stdout), folder


@pytest.mark.parametrize("suffix", VOLUME_SUFFIXES)
def test_a_file_that_the_system_cuts_off_is_never_taken_for_whole(cut_off, suffix):
    said, folder = cut_off
    assert said[suffix].startswith("CANNOT_WRITE")
    assert "File too large" in said[suffix]
    assert list(folder.iterdir()) == []


#: Begins to write a file; says so, and waits to be killed.
WRITE_AND_BE_KILLED = """
import sys
from pathlib import Path
from medsamseg_server.system.safe_files import replacing

with replacing(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half")
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_write_left_behind_goes_at_the_next_start_and_no_sooner(tmp_path, mask):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE_AND_BE_KILLED, str(tmp_path / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("first.nrrd", "second.nrrd")
    ]
    for writer in writers:
        assert writer.stdout.readline() == b"writing\n"
    writers[0].kill()
    writers[0].communicate()
    (tmp_path / ".medsamseg-notes").write_text("not ours")
    check_output(tmp_path / "out.nrrd")
    # The other one is still being written.
    names = sorted(file.name for file in tmp_path.iterdir())
    assert [name.endswith(".second.nrrd") for name in names if name != ".medsamseg-notes"] == [True]
    writers[1].communicate()
    assert writers[1].returncode == 0
    assert (tmp_path / "second.nrrd").read_bytes() == b"half"
    assert sorted(file.name for file in tmp_path.iterdir()) == [".medsamseg-notes", "second.nrrd"]


if __name__ == "__main__":
    write_with_little_room(sys.argv[1])
