"""Which codes say what was measured, by the kind of the images."""

from __future__ import annotations

from typing import Any

from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

# CID 100 of PS3.16, by modality.
_PROCEDURES = {
    "CT": codes.LN.CTUnspecifiedBodyRegion,
    "MR": codes.LN.MRIUnspecifiedBodyRegion,
    "NM": codes.LN.NMUnspecifiedBodyRegion,
    "PT": codes.LN.PETUnspecifiedBodyRegion,
}
# Intensities that no standard code names: a code of our own, whose scheme has to begin with 99 (PS3.16 section 8).
_INTENSITY = CodedConcept("intensity", "99MEDSAMSEG", "Image intensity")


def procedure_code(image: Dataset) -> Any:
    """Return which examination an image is of, as far as its modality tells."""
    return _PROCEDURES.get(str(image.get("Modality", "")), codes.SCT.ImagingProcedure)


def intensity_codes(image: Dataset) -> tuple[Any, Any]:
    """Return what the voxels of an image are, and in which unit.

    Those of CT are Hounsfield units unless its Rescale Type says other (PS3.3 C.8.2.1). Those of MR have no unit. Those
    of PET are in becquerels a milliliter where its Units say so (PS3.3 C.8.9.1).
    """
    modality = str(image.get("Modality", ""))
    if modality == "CT" and str(image.get("RescaleType", "HU")) == "HU":
        return codes.DCM.AttenuationCoefficient, codes.UCUM.HounsfieldUnit
    if modality == "MR":
        return codes.DCM.MRSignalIntensity, codes.UCUM.NoUnits
    if modality == "PT" and image.get("Units") == "BQML":
        return _INTENSITY, codes.UCUM.BecquerelsPerMilliliter
    return _INTENSITY, codes.UCUM.NoUnits
