"""Slicer's Sample Data module, as far as other modules register data sets in it and load them by name."""

import urllib.request
from dataclasses import dataclass
from pathlib import Path

import slicer
import slicer.util


@dataclass
class SampleDataSource:
    """One data set: files, and the nodes that they become."""

    sampleName: str
    uris: list
    fileNames: list
    nodeNames: list
    checksums: list
    thumbnailFileName: str
    loadFileType: list


class SampleDataLogic:
    """Keeps `slicer.modules.sampleDataSources`; files are taken from "file:" addresses only."""

    @staticmethod
    def registerCustomSampleDataCategory(category, title=None):
        """Add a category.

        :param title: what users read; the category itself if not given.
        """
        _sources().setdefault(category, [])

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        thumbnailFileName=None,
        loadFileType=None,
        checksums=None,
    ):
        """Add a data set."""
        fields = {"uris": uris, "fileNames": fileNames, "nodeNames": nodeNames}
        fields |= {"checksums": checksums, "loadFileType": loadFileType}
        if len({len(values) for values in fields.values()}) != 1:
            raise ValueError(f"All fields of sample data source must have the same length: {fields}")
        source = SampleDataSource(sampleName=sampleName, thumbnailFileName=thumbnailFileName, **fields)
        _sources().setdefault(category, []).append(source)

    def downloadSamples(self, sampleName):
        """:return: the loaded nodes of a data set."""
        source = next(
            source for sources in _sources().values() for source in sources if source.sampleName == sampleName
        )
        files = zip(source.uris, source.fileNames, source.nodeNames, source.checksums, source.loadFileType, strict=True)
        return [_load(*file) for file in files]


def _sources():
    return vars(slicer.modules).setdefault("sampleDataSources", {})


def _load(uri, fileName, nodeName, checksum, fileType):
    if not uri.startswith("file:"):
        raise ValueError(f"The host downloads nothing, {uri} included")
    path = Path(slicer.app.temporaryPath) / fileName
    urllib.request.urlretrieve(uri, path)
    algorithm, digest = slicer.util.extractAlgoAndDigest(checksum)
    if slicer.util.computeChecksum(algorithm, str(path)) != digest:
        raise ValueError(f"The checksum of {fileName} is not {checksum}")
    return slicer.util.loadNodeFromFile(str(path), fileType, {"name": nodeName})
