"""What a compressed picture says of its own size, before anything is made room for."""

from __future__ import annotations

_JPEG_2000 = b"\xff\x4f\xff\x51"
# Start-of-frame markers of JPEG (ITU T.81 table B.1) and of JPEG-LS (ITU T.87).
_FRAME_STARTS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def announced_size(stream: bytes) -> tuple[int, int] | None:
    """Return columns and rows that a JPEG, JPEG-LS or JPEG 2000 picture announces; None for others, such as RLE."""
    start = stream.find(_JPEG_2000, 0, 4096)
    if start >= 0:
        right, bottom, left, top = (_number(stream, start + place, 4) for place in (8, 12, 16, 20))
        return right - left, bottom - top
    return _jpeg_size(stream) if stream[:2] == b"\xff\xd8" else None


def _jpeg_size(stream: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 < len(stream) and stream[place] == 0xFF:
        marker = stream[place + 1]
        if marker in _FRAME_STARTS:
            return _number(stream, place + 7, 2), _number(stream, place + 5, 2)
        # A marker may be preceded by fill bytes.
        place += 1 if marker == 0xFF else 2 + _number(stream, place + 2, 2)
    return None


def _number(stream: bytes, place: int, count: int) -> int:
    return int.from_bytes(stream[place : place + count], "big")
