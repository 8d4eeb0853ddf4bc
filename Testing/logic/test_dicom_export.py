"""Segments into DICOM files from Slicer: every voxel on its image, whose they are, and nothing left behind."""

import sys

import highdicom
import numpy as np
import pydicom
import pytest
import slicer
from dicomVolumes import OBLIQUE, SHAPE, DicomDatabase, asScanned, loadScan, slice_position, writeScan
from segmentations import addSegment

from medsamseg_server.image_io.label_reading import read_labels
from medsamseg_server.image_io.reading import read_image
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.serverProgram import ServerProgram

ENTRY = (
    "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Abnormal Structure"
    "~SCT^4147007^Mass~^^~Anatomic codes - DICOM master list~SCT^39607008^Lung~SCT^7771000^Left"
)


@pytest.fixture
def files(host, tmp_path, monkeypatch):
    """A scan that is in Slicer's database, in a folder beside other files."""
    files = writeScan(tmp_path / "scan")
    (tmp_path / "scan" / "notes.txt").write_text("no DICOM")
    monkeypatch.setattr(slicer, "dicomDatabase", DicomDatabase(files), raising=False)
    return files


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def masks():
    """Of two segments that overlap, by K as the files have it."""
    tumor, edge = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    tumor[2:5, 3:9, 2:4] = tumor[2, 8, 2:7] = 1
    edge[4:7, 2:6, 1:9] = 1
    return {"Tumör": tumor, "Edge": edge}


def segmented(logic, volume, isReversed=False):
    segmentation = logic.createSegmentation(volume)
    for name, voxels in masks().items():
        addSegment(segmentation, name, voxels[:: -1 if isReversed else 1], volume)
    addSegment(segmentation, "Nothing")
    first = segmentation.GetSegmentation().GetNthSegment(0)
    first.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), ENTRY)
    first.SetColor(1.0, 0.0, 0.0)
    return segmentation


@pytest.fixture
def program(monkeypatch, home):
    """The server's program in a process of its own, as Slicer runs it."""
    monkeypatch.setattr(
        "MedSAMSegLib.logicExport.findServerCommand", lambda: [sys.executable, "-m", "medsamseg_server"]
    )


def moved(volume):
    """Puts a volume under a transform, as a registration does."""
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = 5, -7, 11
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    volume.SetAndObserveTransformNodeID(transform.GetID())


def test_filesReferToEveryImageAndHaveEveryVoxel(program, logic, files, folder, home):
    volume = loadScan(files, isReversed=True)
    # Where it is moved to in the scene is no matter of the patient's study.
    moved(volume)
    segmentation = segmented(logic, volume, isReversed=True)
    box = logic.addSegment(segmentation, "Box")
    logic.segmentBox(volume, segmentation, box, axis=0, slice=5, box=(1, 10, 5, 12))
    steps = []
    written = logic.exportDicom(segmentation, volume, folder, ("seg", "rtstruct", "sr"), steps.append)
    names = ["MedSAMSeg.rtstruct.dcm", "MedSAMSeg.seg.dcm", "MedSAMSeg.sr.dcm"]
    assert sorted(path.name for path in written.paths) == sorted(path.name for path in folder.iterdir()) == names
    assert steps[-1].total == 4

    uids = {str(pydicom.dcmread(path).SOPInstanceUID) for path in files}
    seg = highdicom.seg.segread(folder / "MedSAMSeg.seg.dcm")
    (series,) = seg.ReferencedSeriesSequence
    assert {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence} == uids
    assert (seg.PatientName, seg.PatientID, seg.StudyInstanceUID) == ("DOE^JANE", "MRN4711", "1.2.3")
    described = [seg.get_segment_description(number) for number in seg.segment_numbers]
    assert [each.segment_label for each in described] == ["Tumör", "Edge", "Box"]
    assert described[0].segmented_property_type.value == "4147007"
    assert described[0].anatomic_regions[0].value == "39607008"
    assert [each.algorithm_type.value for each in described] == ["MANUAL", "MANUAL", "SEMIAUTOMATIC"]
    (algorithm,) = described[2].SegmentationAlgorithmIdentificationSequence
    assert "model=" in algorithm.AlgorithmParameters
    # Where each plane lies, by the formula of PS3.3 C.7.6.2.1.1, and what is on it.
    for number, voxels in enumerate(masks().values(), start=1):
        found = seg.get_volume(segment_numbers=[number])
        places = np.argwhere(found.array[..., 0]) @ found.affine[:3, :3].T + found.affine[:3, 3]
        rows, columns = np.array(OBLIQUE[:3]) * 0.7, np.array(OBLIQUE[3:]) * 0.9
        expected = [slice_position(k, OBLIQUE) + i * rows + j * columns for k, j, i in np.argwhere(voxels)]
        np.testing.assert_allclose(ordered(places), ordered(np.array(expected)), atol=1e-3)

    image = read_image(folder.parent / "scan")
    for each in read_labels(folder / "MedSAMSeg.rtstruct.dcm", image).objects[:2]:
        np.testing.assert_array_equal(each.voxels, masks()[each.name] > 0)
    report = highdicom.sr.srread(folder / "MedSAMSeg.sr.dcm")
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert {group.referenced_segment.referenced_sop_instance_uid for group in groups} == {seg.SOPInstanceUID}
    assert groups[0].finding_type.value == "4147007"
    for path in home.rglob("*"):
        if path.is_file():
            assert b"DOE" not in path.read_bytes()
            assert b"MRN4711" not in path.read_bytes()


def ordered(places):
    return places[np.lexsort(np.round(places, 3).T)]


class InProcess(ServerProgram):
    """The server's program in this process, which takes no seconds to start."""

    def run(self, *arguments, onLine=None, log=None, isNice=False):
        from medsamseg_server.cli import main

        self.words = arguments
        main([*arguments, "--json", "--force"])
        return {"warnings": []}


@pytest.fixture
def inProcess(monkeypatch, program):
    monkeypatch.setattr("MedSAMSegLib.logicExport.ServerProgram", InProcess)


def test_filesThatAreThereStay(inProcess, logic, files, folder):
    volume = loadScan(files)
    segmentation = segmented(logic, volume)
    segmentation.GetSegmentation().RemoveSegment(segmentation.GetSegmentation().GetNthSegmentID(1))
    for _time in range(2):
        logic.exportDicom(segmentation, volume, folder, ["labelmap"])
    assert sorted(path.name for path in folder.iterdir()) == ["MedSAMSeg-2.labelmap.dcm", "MedSAMSeg.labelmap.dcm"]
    found = highdicom.seg.segread(folder / "MedSAMSeg.labelmap.dcm")
    assert found.segmentation_type.value == "LABELMAP"
    assert np.count_nonzero(found.pixel_array) == masks()["Tumör"].sum()


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda v, s, m: v.RemoveAttribute("DICOM.instanceUIDs"), "volume_not_dicom", "'CT' was not loaded from"),
        (
            lambda v, s, m: v.SetAttribute("DICOM.instanceUIDs", "1.2 1.3"),
            "dicom_files_missing",
            "Of the 2 DICOM images",
        ),
        (lambda v, s, m: m.delattr(slicer, "dicomDatabase"), "dicom_files_missing", "8 are not in Slicer's database"),
        (lambda v, s, m: s.GetSegmentation().RemoveAllSegments(), "segments_empty", "has voxels on 'CT'"),
    ],
)
def test_whatCannotBeExportedIsTold(inProcess, logic, files, folder, monkeypatch, change, code, words):
    volume = loadScan(files)
    segmentation = segmented(logic, volume)
    change(volume, segmentation, monkeypatch)
    with pytest.raises(UserError) as raised:
        logic.exportDicom(segmentation, volume, folder)
    assert (raised.value.code, words in str(raised.value)) == (code, True)
    assert list(folder.iterdir()) == []


@pytest.fixture
def phases(host, tmp_path, monkeypatch):
    """Two phases of one series, and a scan of another one, as the files of each."""

    def phase(number):
        def change(dataset, index):
            asScanned(dataset)
            dataset.TemporalPositionIdentifier, dataset.InstanceNumber = number, 100 * number + index

        return change

    files = [
        writeScan(tmp_path / "scan" / "1", phase(1)),
        writeScan(tmp_path / "scan" / "2", phase(2)),
        writeScan(tmp_path / "other", series="1.2.3.4"),
    ]
    monkeypatch.setattr(
        slicer, "dicomDatabase", DicomDatabase([path for each in files for path in each]), raising=False
    )
    return files


def test_imagesOfThePhaseOnWhichWasDrawnComeFirst(inProcess, logic, phases, folder):
    early, late, other = (loadScan(files, name=name) for files, name in zip(phases, "ABC", strict=True))
    again = loadScan(phases[0], name="A again")
    cropped = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="cropped")
    cropped.SetAttribute("DICOM.instanceUIDs", late.GetAttribute("DICOM.instanceUIDs").split()[0])
    segmentation = segmented(logic, early)
    assert logic.dicomSources(segmentation, early) == [early, late]
    assert logic.dicomSources(segmentation, again) == [again, late]
    assert logic.dicomSources(segmentation, other) == [other]
    logic.segmentBox(late, segmentation, logic.addSegment(segmentation, "Box"), axis=0, slice=5, box=(1, 10, 5, 12))
    sources = logic.dicomSources(segmentation, early)
    assert sources == [late, early]
    written = logic.exportDicom(segmentation, sources[0], folder, ["seg"])
    assert (written.source.name, written.source.count) == ("B", len(phases[1]))
    (series,) = highdicom.seg.segread(written.paths[0]).ReferencedSeriesSequence
    found = {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence}
    assert found == set(late.GetAttribute("DICOM.instanceUIDs").split())


def test_volumeThatIsNotFromDicomIsItsOwnSource(logic, phases):
    loadScan(phases[0])
    volume = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="array")
    assert logic.dicomSources(logic.createSegmentation(volume), volume) == [volume]


@pytest.mark.parametrize("kinds", [[], ["pdf"]])
def test_kindsAreChecked(logic, files, folder, kinds):
    with pytest.raises(UserError) as raised:
        logic.exportDicom(logic.createSegmentation(volume := loadScan(files)), volume, folder, kinds)
    assert raised.value.code == "export_kind"


def test_folderThatIsNotThereIsTold(inProcess, logic, files, folder):
    volume = loadScan(files)
    with pytest.raises(UserError) as raised:
        logic.exportDicom(segmented(logic, volume), volume, folder / "none")
    assert raised.value.code == "folder_unwritable"


@pytest.mark.parametrize("code", ["labels_differ", "other"])
def test_failureOfTheProgramIsInWordsForThePanelAndLeavesNothing(inProcess, logic, files, folder, monkeypatch, code):
    def fail(self, *words, **options):
        raise UserError("said", "Leave --report out.", code)

    monkeypatch.setattr(InProcess, "run", fail)
    volume = loadScan(files)
    with pytest.raises(UserError) as raised:
        logic.exportDicom(segmented(logic, volume), volume, folder)
    assert raised.value.code == code
    assert ("not where those of its DICOM images are" in str(raised.value)) == (code == "labels_differ")
    assert list(folder.iterdir()) == []


def test_closingLeavesNothing(program, logic, files, folder):
    volume = loadScan(files)
    run = logic.startDicomExport(segmented(logic, volume), volume, folder)
    run.close()
    while run.advance(wait=True):
        pass
    assert run.result is None
    assert list(folder.iterdir()) == []
