"""What the server answers, as plain Python values."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from MedSAMSegLib.client.maskRange import MaskRange
from MedSAMSegLib.client.sliceProbability import SliceProbability
from MedSAMSegLib.errors import UserError


class ServerError(UserError):
    """The server refused a request; message and hint are the server's own."""

    @classmethod
    def fromJson(cls, error: dict[str, Any]) -> ServerError:
        """
        :param error: the object {"code", "message", "hint"} of the contract.
        """
        return cls(error["message"], error.get("hint", ""), error.get("code", ""))

    @classmethod
    def fromReply(cls, status: int, content: bytes) -> ServerError:
        """
        :param status: HTTP status of a reply that is an error.
        :param content: its body in bytes.
        """
        try:
            return cls.fromJson(json.loads(content)["error"])
        except (ValueError, KeyError, TypeError):
            return cls.notOurServer(status)

    @classmethod
    def notOurServer(cls, status: int) -> ServerError:
        """
        :param status: HTTP status of a reply that no MedSAMSeg server gives.
        """
        return cls(
            f"What answers there (with status {status}) is not a MedSAMSeg server.",
            "Check the address and port of the server.",
            "not_our_server",
        )


@dataclasses.dataclass(frozen=True)
class SliceMask:
    """A mask on one slice, cropped to its extent.

    :param x0: column of the crop's first pixel in the slice.
    :param y0: row of the crop's first pixel in the slice.
    :param pixels: bool array (rows, columns) of the crop; (0, 0) when the mask is empty.
    :param score: the intersection over union that the model predicts for its own mask.
    :param probability: the :class:`SliceProbability` behind it, where it was asked for.
    :param range: the :class:`MaskRange` of its sizes, where that was asked for and others voted for it.
    """

    x0: int
    y0: int
    pixels: np.ndarray
    score: float
    probability: SliceProbability | None = None
    range: MaskRange | None = None

    @property
    def isEmpty(self) -> bool:
        """True when the model found nothing."""
        return self.pixels.size == 0

    @property
    def voxelCount(self) -> int:
        """Number of voxels of the mask."""
        return int(self.pixels.sum())

    def at(self, threshold: float) -> SliceMask:
        """:return: the mask of what is likelier than a threshold; the same where no probability was asked for."""
        likely = self.probability
        if likely is None:
            return self
        return dataclasses.replace(self, x0=likely.x0, y0=likely.y0, pixels=likely.pixels(threshold))

    @classmethod
    def fromJson(cls, mask: dict[str, Any]) -> SliceMask:
        """
        :param mask: the object {"extent", "bits", "score", "probability", "range"} of the contract; the bits are packed
            row by row.
        """
        told = mask.get("probability")
        probability = None if told is None else SliceProbability.fromJson(told)
        if mask["extent"] is None:
            return cls(0, 0, np.zeros((0, 0), dtype=bool), mask["score"], probability)
        x0, y0, x1, y1 = mask["extent"]
        height, width = y1 - y0 + 1, x1 - x0 + 1
        packed = np.frombuffer(base64.b64decode(mask["bits"]), dtype=np.uint8)
        pixels = np.unpackbits(packed, count=height * width).reshape(height, width).astype(bool)
        sizes = MaskRange.told(mask.get("range"), int(pixels.sum()))
        return cls(x0, y0, pixels, mask["score"], probability, sizes)


@dataclasses.dataclass(frozen=True)
class UploadReply:
    """A volume that the server holds.

    :param key: the name under which it is known there.
    :param window: what the window "auto" means for it: {"name", "lower", "upper"}.
    :param notes: sentences on what the server had to change, such as voxels that were not a number.
    """

    key: str
    window: dict
    notes: list

    @classmethod
    def fromJson(cls, reply: dict[str, Any]) -> UploadReply:
        """
        :param reply: the server's JSON object.
        """
        return cls(reply["key"], reply["window"], reply["notes"])


@dataclasses.dataclass(frozen=True)
class SegmentReply:
    """Masks of the boxes on one slice.

    :param masks: one :class:`SliceMask` for each box, in the same order.
    :param wasCached: True when the slice's embedding was there already.
    :param secondsEncoding: time that the server spent on the embedding.
    :param secondsDecoding: time that it spent on the masks.
    :param model: name of the model that was used.
    :param weightsSha256: checksum of the model's weights.
    :param window: the window that was used for the first mask: {"name", "lower", "upper"}.
    :param windows: that of each mask; the server goes by the box where it may.
    :param agreements: how far slightly different boxes gave each mask, 0 to 1; None where one only was tried.
    :param doubts: a sentence on each mask in a box that is likely to be wrong, and what to do; None of others.
    """

    masks: list
    wasCached: bool
    secondsEncoding: float
    secondsDecoding: float
    model: str
    weightsSha256: str
    window: dict
    windows: Sequence = ()
    agreements: Sequence = ()
    doubts: Sequence = ()

    def ofMask(self, number: int) -> SegmentReply:
        """Return the reply as if it were about one of the masks only."""
        only = slice(number, number + 1)
        windows = self.windows[only]
        return dataclasses.replace(
            self,
            masks=[self.masks[number]],
            window=windows[0] if windows else self.window,
            windows=windows,
            agreements=self.agreements[only],
            doubts=self.doubts[only],
        )

    @classmethod
    def fromJson(cls, reply: dict[str, Any]) -> SegmentReply:
        """
        :param reply: the server's JSON object.
        """
        return cls(
            masks=[SliceMask.fromJson(mask) for mask in reply["masks"]],
            wasCached=reply["embedding"] == "cached",
            secondsEncoding=reply["seconds"]["encode"],
            secondsDecoding=reply["seconds"]["decode"],
            model=reply["model"],
            weightsSha256=reply["weights_sha256"],
            window=reply["window"],
            windows=reply["windows"],
            agreements=reply["agreements"],
            doubts=reply["doubts"],
        )


@dataclasses.dataclass(frozen=True)
class EncodingStatus:
    """How far the background encoding of a volume is.

    :param state: "idle", "running", "paused", "done", "cancelled" or "failed".
    :param done: number of slices that are encoded.
    :param total: number of slices that will be.
    :param job: the job's name; None when there was none.
    :param secondsLeft: how long it will take; None when that is not known.
    :param error: the :class:`ServerError` that ended it, or None.
    """

    state: str
    done: int
    total: int
    job: str
    secondsLeft: float | None = None
    error: ServerError | None = None

    @property
    def isUnderWay(self) -> bool:
        """True while more slices will be encoded."""
        return self.state in ("running", "paused")

    @classmethod
    def fromJson(cls, status: dict[str, Any]) -> EncodingStatus:
        """
        :param status: the server's JSON object.
        """
        error = status.get("error")
        return cls(
            status["state"],
            status["done"],
            status["total"],
            status["job"],
            status["seconds_left"],
            ServerError.fromJson(error) if error else None,
        )


@dataclasses.dataclass(frozen=True)
class PropagationEvent:
    """One line of the stream of a propagation, or of a search for proposals.

    :param kind: "start", "slice", "plane" (a slice across another axis was looked at), "ended" (one direction came to
        its end), "done", "cancelled" or "error".
    :param fields: all fields of the event as the server sent them.
    """

    kind: str
    fields: dict

    @classmethod
    def fromJson(cls, event: dict[str, Any]) -> PropagationEvent:
        """
        :param event: the event's JSON object.
        """
        return cls(event["event"], event)

    @property
    def isLast(self) -> bool:
        """True for the event that closes a stream."""
        return self.kind in ("done", "cancelled", "error")

    @property
    def mask(self) -> SliceMask:
        """The :class:`SliceMask` of a "slice" event."""
        return SliceMask.fromJson(self.fields["mask"])

    @property
    def error(self) -> ServerError:
        """The :class:`ServerError` of an "error" event."""
        return ServerError.fromJson(self.fields["error"])
