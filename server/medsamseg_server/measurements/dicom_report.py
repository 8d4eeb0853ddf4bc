"""What was measured of objects as a DICOM structured report (SR), by highdicom: Measurement Report, TID 1500 of PS3.16.

Each object is one measurement group, or two with the same tracking identifier where a segmentation (SEG) of it is
written: one refers to its segment (TID 1411), which must not have spatial coordinates, and one has the diameters with
their ends (TID 1501). Coordinates are columns and rows of the stored image, from the upper left corner of the first
pixel (PS3.3 C.10.5.1.2), so that its center is at 0.5, 0.5.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from medsamseg_server import __version__
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.dicom_files import quiet_pydicom
from medsamseg_server.image_io.dicom_results import (
    CHARACTER_SET,
    INCOMPLETE,
    MAKER,
    SERIES_NUMBER,
    Result,
    SliceReference,
    SourceImages,
    check_is_dicom,
    dicom_code,
    incomplete,
)
from medsamseg_server.image_io.image import DicomSource, Image
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.terminology import TISSUE
from medsamseg_server.measurements.diameters import Diameter, Diameters
from medsamseg_server.measurements.measuring import Intensities, Measurements
from medsamseg_server.measurements.report_codes import intensity_codes, own_schemes, procedure_code

_RESULT = Result("a DICOM report", "Leave --report out")


@dataclass(frozen=True)
class Reported:
    """An object of a report.

    Attributes:
        segment: the object.
        measured: what was measured of it on the stored slices, in millimeters.
    """

    segment: Segment
    measured: Measurements


def check_scan(path: Path, image: Image) -> DicomSource:
    """Return the images of a scan if a report of it can be written to ``path``.

    Args:
        path: what is to be written.
        image: the scan.

    Raises:
        MedSAMSegError: ``output_needs_dicom``, or ``report_no_millimeters``.
    """
    source = check_is_dicom(path, image.source, _RESULT)
    if not image.has_millimeters:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "report_no_millimeters",
            f"{source.files[0].name} does not say how large its pixels are, so that nothing can be measured.",
            f"{_RESULT.instead}.",
        )
    return source


def write_report(path: Path, objects: Sequence[Reported], source: DicomSource, segmentation: Path | None) -> None:
    """Write a Comprehensive SR (PS3.3 A.35.3) into the study of the scan's images.

    Args:
        path: the file.
        objects: the objects, at least one.
        source: the images of the scan, see ``check_scan``.
        segmentation: a SEG with the objects in the same order, by ``write_dicom_seg``; None where none was written.

    Raises:
        MedSAMSegError: ``output_source_incomplete`` where the images lack what a report takes from them, or
            ``output_source_gone`` where they cannot be read any more.
        OSError: where ``path`` cannot be written.
    """
    images = SourceImages(source)
    segments = None if segmentation is None else pydicom.dcmread(segmentation, stop_before_pixels=True)
    try:
        with quiet_pydicom():
            groups = [
                group
                for number, each in enumerate(objects, start=1)
                for group in _groups(each, number, images, segments)
            ]
            first = images.headers[0]
            content = sr.MeasurementReport(_observed_by_us(), procedure_code(first), groups)
            report = sr.ComprehensiveSR(
                evidence=[*images.headers, *([] if segments is None else [segments])],
                content=content,
                series_instance_uid=highdicom.UID(),
                series_number=SERIES_NUMBER + 1,
                sop_instance_uid=highdicom.UID(),
                instance_number=1,
                manufacturer=MAKER,
                manufacturer_model_name=MAKER,
                software_versions=__version__,
                series_description=f"{MAKER} measurements",
                is_complete=True,
                coding_schemes=own_schemes(first),
                specific_character_set=CHARACTER_SET,
            )
    except INCOMPLETE as error:
        raise incomplete(source, _RESULT, error) from error
    report.save_as(path, enforce_file_format=True)


def _groups(each: Reported, number: int, images: SourceImages, segments: Dataset | None) -> list[Any]:
    """Return the measurement groups of an object."""
    measured = each.measured
    scale = images.headers[0]
    sizes = [sr.Measurement(codes.SCT.Volume, measured.volume_ml, codes.UCUM.CubicCentimeter)]
    if measured.intensities is not None:
        sizes += _derived(measured.intensities, *intensity_codes(scale))
    if measured.suv is not None:
        sizes += _derived(measured.suv, codes.DCM.Suvbw, codes.UCUM.StandardizedUptakeValueBodyWeight)
    found = measured.diameters
    lines = [] if found is None else _lines(found, images.reference(found.slice))
    present = np.flatnonzero(each.segment.mask.any(axis=(1, 2))).tolist()
    sources = [images.reference(index) for index in present or range(len(each.segment.mask))]
    if segments is None or found is None:
        tracking = sr.TrackingIdentifier(highdicom.UID(), each.segment.name)
        return [_group(each, tracking, [*sizes, *lines], sources)]
    # A label map describes its background as well, as segment 0.
    described = {int(item.SegmentNumber): item for item in segments.SegmentSequence}
    tracking = sr.TrackingIdentifier(described[number].TrackingUID, each.segment.name)
    # Not by `ReferencedSegment.from_segmentation`, which does not find the only segment of a file (highdicom 0.28).
    segment = sr.ReferencedSegment(
        segments.SOPClassUID,
        segments.SOPInstanceUID,
        number,
        source_images=_images_as(sr.SourceImageForSegmentation, sources),
    )
    return [
        sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            referenced_segment=segment,
            **_finding(each.segment),
            algorithm_id=_algorithm(each.segment),
            measurements=sizes,
        ),
        _group(each, tracking, lines, [images.reference(found.slice)]),
    ]


def _group(each: Reported, tracking: Any, measurements: list[Any], sources: Sequence[SliceReference]) -> Any:
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=tracking,
        **_finding(each.segment),
        algorithm_id=_algorithm(each.segment),
        measurements=measurements,
        source_images=_images_as(sr.SourceImageForMeasurementGroup, sources),
    )


def _finding(segment: Segment) -> dict[str, Any]:
    """Return what an object is and where, for its measurement group; nothing where nobody has said so."""
    known = segment.terminology
    if known == TISSUE:
        return {}
    found = {"finding_category": dicom_code(known.category), "finding_type": dicom_code(known.type)}
    side = None if known.region_modifier is None else dicom_code(known.region_modifier)
    sites = [] if known.region is None else [sr.FindingSite(dicom_code(known.region), topographical_modifier=side)]
    return {**found, "finding_sites": sites or None}


def _images_as(kind: Any, slices: Sequence[SliceReference]) -> list[Any]:
    """Return a content item of this kind for each image that slices are in."""
    frames: dict[tuple[str, str], list[int]] = {}
    for each in slices:
        frames.setdefault((each.sop_class_uid, each.sop_instance_uid), []).extend(each.frames or ())
    return [kind(*image, sorted(numbers) or None) for image, numbers in frames.items()]


def _derived(found: Intensities, name: Any, unit: Any) -> list[Any]:
    values = (
        (found.mean, codes.SCT.Mean),
        (found.sd, codes.SCT.StandardDeviation),
        (found.minimum, codes.SCT.Minimum),
        (found.maximum, codes.SCT.Maximum),
    )
    return [sr.Measurement(name, value, unit, derivation=derivation) for value, derivation in values]


def _lines(found: Diameters, image: SliceReference) -> list[Any]:
    return [
        sr.Measurement(name, line.length, codes.UCUM.Millimeter, referenced_coordinates=[_coordinates(line, image)])
        for name, line in ((codes.SCT.LongAxis, found.longest), (codes.SCT.ShortAxis, found.perpendicular))
    ]


def _coordinates(line: Diameter, image: SliceReference) -> Any:
    ends = np.array([(i + 0.5, j + 0.5) for i, j, _ in line.voxels])
    region = sr.SourceImageForRegion(image.sop_class_uid, image.sop_instance_uid, image.frames)
    return sr.CoordinatesForMeasurement(sr.GraphicTypeValues.POLYLINE, ends, region)


def _algorithm(segment: Segment) -> Any:
    if not segment.is_ours:
        return None
    model = segment.found_by
    return sr.AlgorithmIdentification(
        MAKER,
        __version__,
        None if model is None else [f"model={model.name}", f"weights_sha256={model.weights_sha256}"],
        codes.DCM.ArtificialIntelligence,
        MAKER,
    )


def _observed_by_us() -> Any:
    # The same for every report of this version, and of no computer or person.
    device = highdicom.UID.from_uuid(str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{MAKER} {__version__}")))
    observer = sr.DeviceObserverIdentifyingAttributes(device, MAKER, MAKER, MAKER)
    return sr.ObservationContext(sr.ObserverContext(codes.DCM.Device, observer))
