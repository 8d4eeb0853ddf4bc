"""The shipped sample in Slicer's Sample Data module."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _

CATEGORY = "MedSAMSeg"
RESOURCES = Path(__file__).resolve().parent.parent / "Resources"

#: Node name, file below Resources/SampleData, what it is loaded as, and its checksum.
FILES = (
    (
        "RiderChestCT",
        "RiderChestCT.nrrd",
        "VolumeFile",
        "SHA256:eedddcdbbb48f18083f2d52d040bff45cc03cb2d92bbe81be2363abc79c72130",
    ),
    (
        "RiderChestCT tumor outline",
        "RiderChestCTTumour.nrrd",
        "SegmentationFile",
        "SHA256:9fb6ca9de9f44689d05be431b544ffe58b35d8b46c106846784efd02377ee4a5",
    ),
)


def loadSample() -> slicer.vtkMRMLScalarVolumeNode:
    """Load the chest CT alone, and show its middle, where the tumor is, in all slice views.

    :return: the volume of 49 × 256 × 256 voxels.
    """
    name, fileName, _fileType, _checksum = FILES[0]
    return slicer.util.loadVolume(str(RESOURCES / "SampleData" / fileName), {"name": name})


def registerSampleData() -> None:
    """Offer the chest CT and the radiologist's outline of its tumor; nothing is downloaded."""
    # Not at import: this is one of Slicer's own modules, which may be loaded after this one.
    import SampleData

    logic = SampleData.SampleDataLogic
    # Categories have titles from Slicer 5.12 on.
    if hasattr(logic, "registerCustomSampleDataCategory"):
        logic.registerCustomSampleDataCategory(CATEGORY, title=_("MedSAMSeg"))
    nodeNames, fileNames, fileTypes, checksums = (list(column) for column in zip(*FILES, strict=True))
    logic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName="Chest CT with lung tumor",
        thumbnailFileName=str(RESOURCES / "Icons" / "MedSAMSegSample.png"),
        uris=[(RESOURCES / "SampleData" / fileName).as_uri() for fileName in fileNames],
        fileNames=fileNames,
        nodeNames=nodeNames,
        checksums=checksums,
        loadFileType=fileTypes,
    )
