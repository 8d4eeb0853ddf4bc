"""The stored values of DICOM frames: whether they are all there, and what they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from medsamseg_server.image_io.dicom_codestreams import announced_size
from medsamseg_server.image_io.dicom_files import DamagedFileError, DicomFile, PixelElement, quiet_pydicom
from medsamseg_server.system.native_output import without_native_output

Stored = NDArray[np.generic]

_PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
_BY_PYDICOM = (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)
#: What GDCM, which SimpleITK brings along, decodes: JPEG, lossless JPEG, JPEG-LS, JPEG 2000, RLE.
_BY_GDCM = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81, 90, 91)} | {"1.2.840.10008.1.2.5"}

_FLOATS = {8: "<f4", 9: "<f8"}
_ITEM, _SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_ENDLESS = 0xFFFFFFFF


def is_decodable(file: DicomFile) -> bool:
    """Whether there is a decoder for a file's transfer syntax."""
    return file.syntax in _PLAIN or file.syntax in _BY_PYDICOM or str(file.syntax) in _BY_GDCM


def stored_type(file: DicomFile) -> np.dtype[np.generic]:
    """Return the type of a file's stored values.

    Raises:
        DamagedFileError: when it is none that can be read.
    """
    bits = file.get("BitsAllocated")
    if file.pixels is not None and file.pixels.number in _FLOATS:
        return np.dtype(_FLOATS[file.pixels.number])
    if bits not in (8, 16, 32):
        raise DamagedFileError(file.path, f"stores {bits} bits per pixel, which is none of 8, 16 and 32")
    return np.dtype(f"<{'i' if file.get('PixelRepresentation', 0) else 'u'}{bits // 8}")


def stored_range(file: DicomFile) -> tuple[int, int]:
    """Return the least and the largest value that a file's whole numbers can have."""
    bits = _bits_stored(file)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if file.get("PixelRepresentation", 0) else (0, (1 << bits) - 1)


def require_pixels(file: DicomFile) -> None:
    """Raise ``DamagedFileError`` unless a file is long enough for the pixels that it announces.

    Nothing is read but lengths, so that neither a file that was cut off nor one that announces more than it has
    costs memory or time.
    """
    rows, columns = int(file.get("Rows", 0)), int(file.get("Columns", 0))
    if rows < 1 or columns < 1:
        raise DamagedFileError(file.path, f"announces {columns} × {rows} pixels")
    if file.pixels is None:
        return
    samples = int(file.get("SamplesPerPixel", 1))
    needed = rows * columns * samples * file.frame_count * stored_type(file).itemsize
    if file.pixels.length == _ENDLESS:
        _require_fragments(file, file.pixels, rows * columns)
    elif file.syntax not in _PLAIN and file.syntax != ExplicitVRBigEndian:
        raise DamagedFileError(file.path, "is damaged: its compressed pixels are not in parts")
    else:
        there = max(0, min(file.pixels.length, file.pixels.file_size - file.pixels.offset))
        if there < needed:
            raise DamagedFileError(file.path, f"ends inside its pixels ({there:,} of {needed:,} bytes)")


class FrameReader:
    """Reads stored values frame by frame; a context manager, for the folder in which compressed ones are handed on."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._folder: Path | None = None
        self._decoded: tuple[DicomFile, dict[int, Stored]] | None = None

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(self, *reason: object) -> None:
        self._stack.close()

    def read(self, file: DicomFile, index: int, wanted: frozenset[int]) -> Stored:
        """Return the stored values (rows, columns) of a frame.

        Args:
            file: where it is.
            index: its number in the file, from 0.
            wanted: those frames of the file that will be asked for; a compressed file is gone through once.

        Raises:
            DamagedFileError: when they cannot be decoded.
        """
        try:
            if file.pixels is not None and file.syntax in _PLAIN:
                return _within_bits(file, _read_plain(file, file.pixels, index))
            if self._decoded is None or self._decoded[0] is not file:
                self._decoded = (file, dict(self._decode(file, wanted)))
            return _within_bits(file, self._decoded[1].pop(index))
        except DamagedFileError:
            raise
        except Exception as error:  # Decoders raise anything on damaged data.
            raise DamagedFileError(file.path, "has pixels that cannot be decoded") from error

    def _decode(self, file: DicomFile, wanted: frozenset[int]) -> Iterator[tuple[int, Stored]]:
        pixels = file.pixels
        if pixels is None or file.syntax in _BY_PYDICOM:
            with quiet_pydicom():
                frames = pixel_array(pydicom.dcmread(file.path), raw=True)
            frames = frames.reshape(file.frame_count, *frames.shape[-2:])
            yield from ((n, frames[n]) for n in wanted)
            return
        with file.path.open("rb") as stream:
            stream.seek(pixels.offset)
            for n, frame in enumerate(generate_frames(stream, number_of_frames=file.frame_count)):
                if n in wanted:
                    yield n, self._decode_frame(file, frame)

    def _decode_frame(self, file: DicomFile, frame: bytes) -> Stored:
        rows, columns = int(file.get("Rows")), int(file.get("Columns"))
        if announced_size(frame) not in (None, (columns, rows)):
            raise DamagedFileError(file.path, "announces another size than its compressed pixels have")
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        path = self._folder / "frame.dcm"
        _write_alone(path, file, frame)
        decoded: Stored = sitk.GetArrayFromImage(_read_silently(path))
        return decoded.reshape(rows, columns)


def _read_silently(path: Path) -> sitk.Image:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO("GDCMImageIO")
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        # The JPEG library writes to the process's standard error itself.
        with without_native_output():
            image: sitk.Image = reader.Execute()
            return image
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def _write_alone(path: Path, file: DicomFile, frame: bytes) -> None:
    """Write a compressed frame as a file of nothing else, so that its decoder neither scales nor places it."""
    alone = Dataset()
    alone.file_meta = FileMetaDataset()
    alone.file_meta.TransferSyntaxUID = file.syntax
    alone.file_meta.MediaStorageSOPClassUID = alone.SOPClassUID = SecondaryCaptureImageStorage
    alone.file_meta.MediaStorageSOPInstanceUID = alone.SOPInstanceUID = UID("1.2.3")
    alone.Modality = "OT"
    alone.SamplesPerPixel = 1
    alone.PhotometricInterpretation = "MONOCHROME2"
    for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        setattr(alone, keyword, file.get(keyword, 0))
    alone.PixelData = encapsulate([frame])
    alone["PixelData"].is_undefined_length = True
    pydicom.dcmwrite(path, alone, enforce_file_format=True)


def _read_plain(file: DicomFile, pixels: PixelElement, index: int) -> Stored:
    dtype = stored_type(file)
    rows, columns = int(file.get("Rows")), int(file.get("Columns"))
    offset = pixels.offset + index * rows * columns * dtype.itemsize
    values = np.fromfile(file.path, dtype, rows * columns, offset=offset)
    if len(values) < rows * columns:
        raise DamagedFileError(file.path, "ends inside its pixels")
    return values.reshape(rows, columns)


def _bits_stored(file: DicomFile) -> int:
    allocated = int(file.get("BitsAllocated", 16))
    stored = int(file.get("BitsStored", allocated))
    return stored if 1 <= stored <= allocated else allocated


def _within_bits(file: DicomFile, values: Stored) -> Stored:
    """Return values without what older files keep in the bits that do not belong to them, and with their sign."""
    if values.dtype.kind == "f":
        return values
    dtype = stored_type(file).newbyteorder("=")
    values = values.astype(dtype, copy=False)
    stored, allocated = _bits_stored(file), dtype.itemsize * 8
    above = allocated - 1 - int(file.get("HighBit", stored - 1))
    if stored == allocated or not 0 <= above <= allocated - stored:
        return values
    if file.syntax not in _PLAIN:
        above = allocated - stored
    shifted: Stored = (values << above) >> (allocated - stored)  # type: ignore[operator]
    return shifted


def _require_fragments(file: DicomFile, element: PixelElement, pixels: int) -> None:
    """Check that the parts of compressed pixels are all there: each whole, and at least one for each frame."""
    with file.path.open("rb") as stream:
        lengths = list(_fragment_lengths(stream, file, element))[1:]
    if len(lengths) < file.frame_count:
        raise DamagedFileError(file.path, f"has {len(lengths)} of the {file.frame_count} frames that it announces")
    # No codec gets 1 MB of pixels into less than 100 bytes, an even picture by JPEG 2000 aside.
    if pixels > 1 << 26 and sum(lengths) * 10_000 < pixels * file.frame_count:
        raise DamagedFileError(
            file.path, f"announces {file.get('Columns')} × {file.get('Rows')} pixels, for which it is too short"
        )


def _fragment_lengths(stream: BinaryIO, file: DicomFile, element: PixelElement) -> Iterator[int]:
    offset = element.offset
    while True:
        stream.seek(offset)
        start = stream.read(8)
        if start[:4] == _SEQUENCE_END or not start:
            return
        length = int.from_bytes(start[4:8], "little")
        if start[:4] != _ITEM or len(start) < 8 or offset + 8 + length > element.file_size:
            raise DamagedFileError(file.path, "ends inside its pixels")
        yield length
        offset += 8 + length
