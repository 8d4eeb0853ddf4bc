"""Writing masks: as a segmentation that 3D Slicer opens with names and colors, or as a labelmap."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Geometry
from medsamseg_server.image_io.nifti_masks import read_back, write_nifti
from medsamseg_server.image_io.nifti_places import NiftiPlace, shown_by_itk
from medsamseg_server.image_io.picture_masks import (
    PICTURE_MASK_SUFFIXES,
    check_flat,
    is_picture_mask,
    write_picture_mask,
)
from medsamseg_server.system.safe_files import (
    ensure_free_space,
    ensure_writable,
    refuse_to_replace,
    replacing,
    write_failure,
)

SEGMENTATION_SUFFIX = ".seg.nrrd"
#: Suffixes of files that hold volumes.
VOLUME_SUFFIXES = (SEGMENTATION_SUFFIX, ".nrrd", ".nii.gz", ".nii", ".mha")
#: Suffixes of the files that can be written; the first that fits decides.
OUTPUT_SUFFIXES = (*VOLUME_SUFFIXES, *PICTURE_MASK_SUFFIXES)
_NIFTI_SUFFIXES = (".nii.gz", ".nii")

#: Amber: stands out from gray anatomy, and from Slicer's green first segment.
DEFAULT_COLOR = (1.0, 0.75, 0.0)

# Slicer's own words for a segment of which nobody has said what it is.
_TAGS = (
    "Segmentation.Status:inprogress|TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list"
    "~SCT^85756007^Tissue~SCT^85756007^Tissue~^^~Anatomic codes - DICOM master list~^^~^^|"
)
# A compressed mask takes less than this.
_USUAL_FILE_BYTES = 1_000_000
# How far a written voxel may lie from where it should, as a share of the shortest distance between voxels.
_SAME_PLACE = 0.005


@dataclass(frozen=True)
class Segment:
    """One segmented object.

    Attributes:
        name: what the user calls it.
        mask: (K, J, I), 1 on the object and 0 elsewhere.
        color: red, green and blue, 0…1.
    """

    name: str
    mask: NDArray[np.uint8]
    color: tuple[float, float, float] = DEFAULT_COLOR


def check_output(path: Path, overwrite: bool = False) -> None:
    """Raise an error unless a segmentation can be written to ``path``, so that nobody computes in vain.

    Raises:
        MedSAMSegError: ``output_suffix``, ``output_exists``, or of kind ``CANNOT_WRITE`` for the folder's faults.
    """
    _suffix(path)
    if path.is_dir():
        raise MedSAMSegError(
            ErrorKind.CANNOT_WRITE, "output_is_folder", f"{path} is a folder.", "Give the name of a file in it."
        )
    refuse_to_replace(path, overwrite)
    ensure_writable(path.parent)
    ensure_free_space(path.parent, _USUAL_FILE_BYTES)


def color_of(number: int) -> tuple[float, float, float]:
    """Return the color of the object with this number, counted from 0; neighboring numbers look different."""
    if number == 0:
        return DEFAULT_COLOR
    # The golden section spreads hues, however many there are.
    red, green, blue = colorsys.hsv_to_rgb((0.125 + 0.618034 * number) % 1.0, 0.75, 0.95)
    return (round(red, 3), round(green, 3), round(blue, 3))


def write_segmentation(
    path: Path,
    segments: Segment | Sequence[Segment],
    geometry: Geometry,
    nifti_place: NiftiPlace | None = None,
) -> None:
    """Write objects; ``path`` is replaced only when the whole file is written, with voxels and place as they should be.

    Args:
        path: its suffix, one of ``OUTPUT_SUFFIXES``, decides the format. ``.seg.nrrd`` is a Slicer segmentation, laid
            out as Slicer itself writes one (vtkMRMLSegmentationStorageNode), with as many layers as overlap takes;
            others are labelmaps of type uint8 (uint16 for more than 255 objects), 1 on the first object, 2 on the
            second; a picture with a single object is white on it.
        segments: the objects.
        geometry: of the scan, and so of the file.
        nifti_place: what the header of the scan says of its place where it is a NIfTI file; a mask in that format gets
            the same, so that both lie together in every reader.

    Raises:
        MedSAMSegError: ``output_suffix``, ``overlap_in_labelmap``, ``output_not_flat``, ``place_not_kept`` where the
            format cannot hold the geometry, or of kind ``CANNOT_WRITE``.
    """
    segments = [segments] if isinstance(segments, Segment) else segments
    labels = _in_layers(segments)
    if len(labels.layers) > 1 and _suffix(path) != SEGMENTATION_SUFFIX:
        raise overlap_error(path)
    if is_picture_mask(path):
        check_flat(path, labels.layers[0].shape)
        with replacing(path) as temporary:
            write_picture_mask(temporary, labels.layers[0], len(segments))
        return
    if _suffix(path) != SEGMENTATION_SUFFIX:
        write_volume(path, labels.layers[0], geometry, nifti_place)
        return
    array = labels.layers[0] if len(labels.layers) == 1 else np.stack(labels.layers, axis=-1)
    image = sitk.GetImageFromArray(array, isVector=len(labels.layers) > 1)
    geometry.apply(image)
    for key, value in _slicer_fields(segments, labels).items():
        image.SetMetaData(key, value)
    with replacing(path) as temporary:
        _write_image(image, temporary)


def write_volume(path: Path, array: NDArray[Any], geometry: Geometry, nifti_place: NiftiPlace | None = None) -> None:
    """Write one number a voxel, ``array`` (K, J, I), as NRRD, NIfTI or MetaImage; as ``write_segmentation``."""
    with replacing(path) as temporary:
        if _suffix(path) in _NIFTI_SUFFIXES:
            _write_nifti(array, nifti_place, geometry, temporary)
            return
        image = sitk.GetImageFromArray(array)
        geometry.apply(image)
        _write_image(image, temporary)


def remarks_on_output(path: Path, geometry: Geometry, nifti_place: NiftiPlace | None = None) -> tuple[str, ...]:
    """Return what should be known of a mask in the format of ``path``; see ``write_segmentation``."""
    if _suffix(path) not in _NIFTI_SUFFIXES or nifti_place is not None or not geometry.degrees_off_right_angle:
        return ()
    return (
        f"The axes of the scan are {geometry.degrees_off_right_angle:.1f}° off a right angle, which {path.name} keeps "
        "in its sform: nibabel, FSL and nnU-Net read it so, 3D Slicer does not open it. For Slicer, write .nrrd or "
        ".seg.nrrd.",
    )


def _suffix(path: Path) -> str:
    name = path.name.lower()
    suffix = next((suffix for suffix in OUTPUT_SUFFIXES if name.endswith(suffix)), name)
    if suffix != name:
        return suffix
    raise MedSAMSegError(
        ErrorKind.INVALID_INPUT,
        "output_suffix",
        f"{path.name} does not say which kind of file to write.",
        f"End its name with one of {', '.join(OUTPUT_SUFFIXES)}. 3D Slicer opens {SEGMENTATION_SUFFIX} as segments.",
    )


def is_segmentation(path: Path) -> bool:
    """Return whether a file of this name is a Slicer segmentation, which can hold overlap."""
    return path.name.lower().endswith(SEGMENTATION_SUFFIX)


def overlap_error(path: Path) -> MedSAMSegError:
    """Return the error that a labelmap cannot hold several objects on one voxel."""
    message = f"{path.name} would be a labelmap, in which objects cannot overlap."
    return MedSAMSegError(
        ErrorKind.INVALID_INPUT, "overlap_in_labelmap", message, f"End its name with {SEGMENTATION_SUFFIX}."
    )


@dataclass(frozen=True)
class _Labels:
    """Layers (K, J, I), and of each segment the number of its layer and its value there."""

    layers: list[NDArray[Any]]
    places: list[tuple[int, int]]


def _in_layers(segments: Sequence[Segment]) -> _Labels:
    kind = np.uint8 if len(segments) < 256 else np.uint16
    layers: list[NDArray[Any]] = []
    places: list[tuple[int, int]] = []
    for value, segment in enumerate(segments, start=1):
        present = segment.mask > 0
        number = next((n for n, layer in enumerate(layers) if not layer[present].any()), len(layers))
        if number == len(layers):
            layers.append(np.zeros(segment.mask.shape, kind))
        layers[number][present] = value
        places.append((number, value))
    return _Labels(layers, places)


def _slicer_fields(segments: Sequence[Segment], labels: _Labels) -> dict[str, str]:
    depth, height, width = segments[0].mask.shape
    fields = {
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for number, (segment, (layer, value)) in enumerate(zip(segments, labels.places, strict=True)):
        of_segment = {
            "ID": f"Segment_{number + 1}",
            "Name": segment.name,
            "NameAutoGenerated": "0",
            "Color": " ".join(f"{part:g}" for part in segment.color),
            "ColorAutoGenerated": "0",
            "LabelValue": str(value),
            "Layer": str(layer),
            "Extent": f"0 {width - 1} 0 {height - 1} 0 {depth - 1}",
            "Tags": _TAGS,
        }
        fields.update({f"Segment{number}_{key}": text for key, text in of_segment.items()})
    return fields


def _write_image(image: sitk.Image, path: Path) -> None:
    try:
        sitk.WriteImage(image, str(path), useCompression=True)
        written = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise _write_error(image.GetNumberOfPixels(), path) from error
    if not np.array_equal(sitk.GetArrayViewFromImage(written), sitk.GetArrayViewFromImage(image)):
        raise _write_error(image.GetNumberOfPixels(), path)
    _check_place(path, Geometry.of(written), Geometry.of(image), image.GetSize()[::-1])


def _write_nifti(labels: NDArray[Any], given: NiftiPlace | None, geometry: Geometry, path: Path) -> None:
    write_nifti(path, labels, given or NiftiPlace.at(geometry))
    try:
        written, header = read_back(path)
    except (OSError, EOFError, ValueError) as error:
        raise _write_error(labels.size, path) from error
    if not np.array_equal(written, labels):
        raise _write_error(labels.size, path)
    # What nibabel makes of the header, and what ITK does.
    _check_place(path, NiftiPlace.of(header).geometry, given.geometry if given else geometry, labels.shape)
    shown = shown_by_itk(path, labels.shape[::-1])
    if shown is not None:
        _check_place(path, shown, geometry, labels.shape)


def _check_place(path: Path, written: Geometry, wanted: Geometry, shape: tuple[int, ...]) -> None:
    distance = written.distance(wanted, shape)
    # Not "larger than": not a number is no place either.
    if not distance <= _SAME_PLACE * min(wanted.spacing):
        raise MedSAMSegError(
            ErrorKind.CANNOT_WRITE,
            "place_not_kept",
            f"A {_suffix(path)} file cannot hold the place of this scan: voxels would lie up to {distance:.3g} mm off.",
            f"End its name with {SEGMENTATION_SUFFIX}, .nrrd or .mha.",
        )


def _write_error(needed_bytes: int, path: Path) -> MedSAMSegError:
    """Find out why an image could not be written, which its writer does not tell."""
    try:
        path.write_bytes(bytes(needed_bytes))
    except OSError as error:
        return write_failure(error, path)
    return MedSAMSegError(
        ErrorKind.CANNOT_WRITE,
        "cannot_write",
        f"The file could not be written to the folder {path.parent}: the image writer failed.",
        "Choose another folder or format.",
    )
