"""Where the voxels of a NIfTI file lie: its header may say so twice, and readers choose differently.

The format has two transforms from voxels to the patient, qform and sform, each with a code that is 0 where it does not
hold (https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields/nifti1fields_pages/qsform.html). nibabel, FSL and
nnU-Net take the sform where both hold. ITK, and so 3D Slicer, prefers the sform only with code 1, takes the distances
between voxels from ``pixdim`` in any case, and refuses axes that are not perpendicular. A mask therefore keeps both
transforms as they are: then it lies on its scan in every reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from medsamseg_server.image_io.image import Geometry, place_error
from medsamseg_server.image_io.nifti_headers import NiftiHeader
from medsamseg_server.system.native_output import without_native_output

_FIELDS = (
    "qform_code",
    "sform_code",
    *(f"quatern_{part}" for part in "bcd"),
    *(f"qoffset_{part}" for part in "xyz"),
    *(f"srow_{part}" for part in "xyz"),
)
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MILLIMETER = 2
# Length of the format's units of space; a file that names none is in millimeters by custom.
_MILLIMETERS = {1: 1000.0, _MILLIMETER: 1.0, 3: 0.001}
# Places closer than this share of the shortest distance between voxels count as the same.
_SAME_PLACE = 0.1


@dataclass(frozen=True)
class NiftiPlace:
    """What a header says of the place of its voxels.

    Attributes:
        fields: the header's own fields for it, unchanged.
        pixdim: ``pixdim[0]`` (the handedness of the qform) to ``pixdim[3]``, sizes without their sign.
        space_unit: the format's code of the unit of space.
    """

    fields: Mapping[str, Any]
    pixdim: tuple[float, ...]
    space_unit: int

    @classmethod
    def of(cls, fields: Any) -> NiftiPlace:
        """Return the place in a NIfTI header of nibabel, of either version."""
        # By the format, and in ITK, all but negative numbers stand for 1; nibabel takes nothing but 1 and -1.
        handedness = -1.0 if fields["pixdim"][0] < 0 else 1.0
        pixdim = (handedness, *(abs(float(size)) for size in fields["pixdim"][1:4]))
        return cls({name: fields[name].copy() for name in _FIELDS}, pixdim, int(fields["xyzt_units"]) & 7)

    @classmethod
    def at(cls, geometry: Geometry) -> NiftiPlace:
        """Return the place for a geometry: both transforms, or only the sform where the axes are not perpendicular."""
        header = nib.Nifti1Header()
        affine = _RAS_TO_LPS @ geometry.matrix
        header["pixdim"][1:4] = geometry.spacing
        header.set_sform(affine, code=1)
        if geometry.degrees_off_right_angle == 0:
            header.set_qform(affine, code=1)
        header["xyzt_units"] = _MILLIMETER
        return cls.of(header)

    def put_into(self, header: Any) -> None:
        """Write the place into a NIfTI header of nibabel, of either version."""
        for name, value in self.fields.items():
            header[name] = value
        header["pixdim"][: len(self.pixdim)] = self.pixdim
        header["xyzt_units"] = self.space_unit

    @property
    def sform(self) -> Geometry | None:
        """Where the sform puts the voxels; None where it does not hold."""
        return self._in_lps(self._header().get_sform()) if self.fields["sform_code"] > 0 else None

    @property
    def qform(self) -> Geometry | None:
        """Where the qform puts the voxels; None where it does not hold."""
        return self._in_lps(self._header().get_qform()) if self.fields["qform_code"] > 0 else None

    @property
    def geometry(self) -> Geometry:
        """Where the voxels lie by the sform, else the qform, else by ITK's custom for neither."""
        return self.sform or self.qform or self._in_lps(np.diag([-1.0, -1.0, 1.0, 1.0]) * [*self.pixdim[1:], 1.0])

    def _header(self) -> Any:
        header = nib.Nifti2Header()
        self.put_into(header)
        return header

    def _in_lps(self, affine: NDArray[np.float64]) -> Geometry:
        matrix = _RAS_TO_LPS @ affine
        matrix[:3] *= _MILLIMETERS.get(self.space_unit, 1.0)
        return Geometry.from_matrix(matrix)


def shown_by_itk(path: Path, size: tuple[int, ...]) -> Geometry | None:
    """Return where ITK, and so 3D Slicer, puts the voxels of a NIfTI file; None where it refuses the file.

    Args:
        path: the file.
        size: number of its voxels along I, J and K.
    """
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO("NiftiImageIO")
    try:
        # niftilib, inside ITK, prints why it refuses NIfTI-2.
        with without_native_output():
            reader.ReadImageInformation()
    except RuntimeError:
        return None
    if reader.GetDimension() < 3 or reader.GetSize()[:3] != size[:3]:
        return None
    return Geometry.announced(reader)


def notes_on_place(header: NiftiHeader, taken: Geometry, opens_in_slicer: bool) -> tuple[str, ...]:
    """Return what should be told of the place that was taken.

    Args:
        header: of the file.
        taken: where its voxels are taken to lie.
        opens_in_slicer: whether ITK, and so 3D Slicer, opens the file; then ``taken`` is the place that it has there.

    Raises:
        MedSAMSegError: ``image_place`` where negative voxel sizes leave open which side is left.
    """
    name = header.path.name
    shape = header.size[2::-1]
    place = NiftiPlace.of(header.fields)
    sform, qform = place.sform, place.qform
    tolerance = _SAME_PLACE * min(taken.spacing)
    from_sform = taken.distance(sform, shape) if sform else 0.0
    from_qform = taken.distance(qform, shape) if qform else 0.0
    apart = sform.distance(qform, shape) if sform and qform else max(from_sform, from_qform)
    if min(header.fields["pixdim"][1:4]) < 0 and max(from_sform, from_qform) > tolerance:
        raise place_error(header.path, "a size of its voxels (pixdim) is negative, which readers take differently")
    notes = []
    if not (sform or qform):
        notes.append(
            f"{name} does not say how it lies in the patient (the codes of its qform and sform are 0): it is taken to "
            "lie as 3D Slicer shows it, and other programs may differ. Left and right are not certain."
        )
    elif apart > tolerance and sform and qform:
        chosen = "sform" if from_sform <= from_qform else "qform"
        who = f"3D Slicer takes the {chosen}, and so it is taken here" if opens_in_slicer else f"the {chosen} is taken"
        others = "as nibabel and FSL do" if chosen == "sform" else "but nibabel and FSL take the sform"
        notes.append(
            f"The sform and the qform of {name} put voxels up to {apart:.2f} mm apart: {who}, {others}. "
            "Masks in NIfTI keep both, and so lie on the scan in every program."
        )
    elif apart > tolerance:
        transform = "sform" if sform else "qform"
        notes.append(
            f"The {transform} of {name} and its voxel sizes (pixdim) put voxels up to {apart:.2f} mm apart: the sizes "
            "are taken, as in 3D Slicer; other programs differ. Masks in NIfTI keep both."
        )
    if not opens_in_slicer and taken.degrees_off_right_angle:
        notes.append(
            f"The axes of {name} are {taken.degrees_off_right_angle:.2f}° off a right angle, which is kept; 3D Slicer "
            "does not open such NIfTI files, but it opens masks in .nrrd."
        )
    return tuple(notes)
