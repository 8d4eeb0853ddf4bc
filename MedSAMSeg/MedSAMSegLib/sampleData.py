"""The shipped samples in Slicer's Sample Data module."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _

CATEGORY = "MedSAMSeg"
RESOURCES = Path(__file__).resolve().parent.parent / "Resources"

#: Of each sample its name, its thumbnail, and of its files: node name, file below Resources/SampleData, what it is
#: loaded as, and its checksum.
SAMPLES = (
    (
        "Chest CT with lung tumor",
        "MedSAMSegSample.png",
        (
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
        ),
    ),
    (
        "Film of a moving cyst (drawn)",
        "MedSAMSegSampleFilm.png",
        (
            (
                "DrawnUltrasound",
                "DrawnUltrasound.seq.nrrd",
                "SequenceFile",
                "SHA256:899be0eff3325162ae42113f122081c7976dd6389617a8630295046d1f75deb9",
            ),
        ),
    ),
)


def loadSample() -> slicer.vtkMRMLScalarVolumeNode:
    """Load the chest CT alone, and show its middle, where the tumor is, in all slice views.

    :return: the volume of 49 × 256 × 256 voxels.
    """
    _sampleName, _thumbnail, files = SAMPLES[0]
    name, fileName, _fileType, _checksum = files[0]
    return slicer.util.loadVolume(str(RESOURCES / "SampleData" / fileName), {"name": name})


def registerSampleData() -> None:
    """Offer a chest CT with the radiologist's outline of its tumor, and a film; nothing is downloaded."""
    # Not at import: this is one of Slicer's own modules, which may be loaded after this one.
    import SampleData

    logic = SampleData.SampleDataLogic
    # Categories have titles from Slicer 5.12 on.
    if hasattr(logic, "registerCustomSampleDataCategory"):
        logic.registerCustomSampleDataCategory(CATEGORY, title=_("MedSAMSeg"))
    for sampleName, thumbnail, files in SAMPLES:
        nodeNames, fileNames, fileTypes, checksums = (list(column) for column in zip(*files, strict=True))
        logic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sampleName,
            thumbnailFileName=str(RESOURCES / "Icons" / thumbnail),
            uris=[(RESOURCES / "SampleData" / fileName).as_uri() for fileName in fileNames],
            fileNames=fileNames,
            nodeNames=nodeNames,
            checksums=checksums,
            loadFileType=fileTypes,
        )
