"""Writing structure sets of radiotherapy (RTSTRUCT, PS3.3 A.19): objects as closed contours on the stored slices.

A hole is joined to its outline by a keyhole, as PS3.3 C.8.8.6.3 has it for contours of type CLOSED_PLANAR: readers that
unite contours, that count crossings and that fill by winding all leave it empty. Inner contours of their own are holes
only for readers that take the difference, and the type that says so, CLOSEDPLANAR_XOR, is newer than many programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import highdicom
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

from medsamseg_server import __version__
from medsamseg_server.image_io.dicom_files import quiet_pydicom
from medsamseg_server.image_io.dicom_results import (
    CHARACTER_SET,
    INCOMPLETE,
    MAKER,
    SERIES_NUMBER,
    Result,
    SliceReference,
    SourceImages,
    algorithm_of,
    algorithm_type,
    check_is_dicom,
    check_names,
    code_items,
    incomplete,
)
from medsamseg_server.image_io.image import DicomSource, Geometry
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.outlines import outlines
from medsamseg_server.image_io.terminology import TISSUE

_RESULT = Result("a structure set", "End its name with .seg.nrrd")
# Detached Study Management, retired, which the standard still wants for studies (PS3.3 C.8.8.5).
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"


def check_source(path: Path, source: DicomSource | None, names: Sequence[str]) -> DicomSource:
    """Return the images of a scan if a structure set of it can be written to ``path``.

    Args:
        path: what is to be written.
        source: the images of the scan; None for a scan that does not come from DICOM files.
        names: what the objects are to be called.

    Raises:
        MedSAMSegError: ``output_needs_dicom`` or ``segment_name_dicom``.
    """
    source = check_is_dicom(path, source, _RESULT)
    check_names(names)
    return source


def write_structure_set(path: Path, segments: Sequence[Segment], source: DicomSource, geometry: Geometry) -> None:
    """Write objects as regions of interest (ROI); they may overlap.

    The file refers to every image of the scan, and takes patient, study and frame of reference from them.

    Args:
        path: the file.
        segments: the objects, in the scan's voxels. One without voxels becomes an ROI without contours.
        source: the images of the scan, see ``check_source``.
        geometry: where the scan's voxels lie.

    Raises:
        MedSAMSegError: ``output_source_incomplete`` where the images lack what a structure set takes from them, or
            ``output_source_gone`` where they cannot be read any more.
        OSError: where ``path`` cannot be written.
    """
    images = SourceImages(source)
    try:
        with quiet_pydicom():
            file = _empty(images.headers[0])
            file.ReferencedFrameOfReferenceSequence = [_frame_of_reference(images)]
            file.StructureSetROISequence = [
                _roi(number, segment, images.headers[0]) for number, segment in enumerate(segments, start=1)
            ]
            file.ROIContourSequence = [
                _contours(number, segment, images, geometry) for number, segment in enumerate(segments, start=1)
            ]
            file.RTROIObservationsSequence = [
                _observation(number, segment) for number, segment in enumerate(segments, start=1)
            ]
    except INCOMPLETE as error:
        raise incomplete(source, _RESULT, error) from error
    file.save_as(path, enforce_file_format=True)


def _empty(image: Dataset) -> Dataset:
    """Return a structure set without objects, of the patient and study of an image."""
    file = highdicom.SOPClass(
        study_instance_uid=image.StudyInstanceUID,
        series_instance_uid=highdicom.UID(),
        series_number=SERIES_NUMBER + 2,
        sop_instance_uid=highdicom.UID(),
        sop_class_uid=RTStructureSetStorage,
        instance_number=1,
        modality="RTSTRUCT",
        manufacturer=MAKER,
        # Numbers of contours are text, and can be longer than what explicit VRs hold (PS3.5 section 7.1.2).
        transfer_syntax_uid=ImplicitVRLittleEndian,
        patient_id=image.PatientID,
        patient_name=image.PatientName,
        patient_birth_date=image.PatientBirthDate,
        patient_sex=image.PatientSex,
        accession_number=image.AccessionNumber,
        study_id=image.StudyID,
        study_date=image.StudyDate,
        study_time=image.StudyTime,
        referring_physician_name=image.get("ReferringPhysicianName"),
        series_description=f"{MAKER} structures",
        manufacturer_model_name=MAKER,
        software_versions=__version__,
        specific_character_set=CHARACTER_SET,
    )
    file.copy_patient_and_study_information(image)
    now = datetime.now()
    file.StructureSetLabel = MAKER
    file.StructureSetDate, file.StructureSetTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    file.FrameOfReferenceUID = image.FrameOfReferenceUID
    file.PositionReferenceIndicator = image.get("PositionReferenceIndicator", "")
    file.OperatorsName = ""
    file.ApprovalStatus = "UNAPPROVED"
    return file


def _frame_of_reference(images: SourceImages) -> Dataset:
    first = images.headers[0]
    series = _item(
        SeriesInstanceUID=first.SeriesInstanceUID,
        ContourImageSequence=[
            _item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
            for image in images.headers
        ],
    )
    study = _item(
        ReferencedSOPClassUID=_STUDY_CLASS,
        ReferencedSOPInstanceUID=first.StudyInstanceUID,
        RTReferencedSeriesSequence=[series],
    )
    return _item(FrameOfReferenceUID=first.FrameOfReferenceUID, RTReferencedStudySequence=[study])


def _roi(number: int, segment: Segment, image: Dataset) -> Dataset:
    item = _item(
        ROINumber=number,
        ReferencedFrameOfReferenceUID=image.FrameOfReferenceUID,
        ROIName=segment.name,
        ROIGenerationAlgorithm=algorithm_type(segment),
    )
    if segment.is_ours:
        item.ROIDerivationAlgorithmIdentificationSequence = algorithm_of(segment)
    return item


def _observation(number: int, segment: Segment) -> Dataset:
    item = _item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="", ROIInterpreter="")
    known = segment.terminology
    if known != TISSUE:
        item.RTROIIdentificationCodeSequence = code_items(known.type)
        if known.modifier is not None:
            item.RTROIIdentificationCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = code_items(
                known.modifier
            )
        item.SegmentedPropertyCategoryCodeSequence = code_items(known.category)
    return item


def _contours(number: int, segment: Segment, images: SourceImages, geometry: Geometry) -> Dataset:
    roi = _item(ROIDisplayColor=[round(255 * part) for part in segment.color], ReferencedROINumber=number)
    contours = [
        _contour(polygon, index, images.reference(index), geometry)
        for index in np.flatnonzero(segment.mask.any(axis=(1, 2))).tolist()
        for polygon in outlines(segment.mask[index] > 0)
    ]
    if contours:
        roi.ContourSequence = contours
    return roi


def _contour(polygon: NDArray[np.float64], index: int, image: SliceReference, geometry: Geometry) -> Dataset:
    """Return a contour of slice ``index``, of a polygon (N, 2) in its pixels."""
    voxels = np.column_stack([polygon, np.full(len(polygon), index), np.ones(len(polygon))])
    places = (voxels @ geometry.matrix.T)[:, :3]
    reference = _item(ReferencedSOPClassUID=image.sop_class_uid, ReferencedSOPInstanceUID=image.sop_instance_uid)
    if image.frame is not None:
        reference.ReferencedFrameNumber = image.frame
    return _item(
        ContourImageSequence=[reference],
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=len(places),
        # At most 16 characters each (PS3.5 section 6.2).
        ContourData=[f"{value:.6f}" for value in places.ravel()],
    )


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item
