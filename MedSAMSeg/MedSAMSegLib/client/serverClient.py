"""The server's HTTP contract as seen from Slicer: stdlib and numpy only, no state but the address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.client.npyUpload import NpyUpload
from MedSAMSegLib.client.serverReplies import EncodingStatus, PropagationEvent, SegmentReply, ServerError, UploadReply
from MedSAMSegLib.client.serverTransport import ServerTransport

if TYPE_CHECKING:
    from MedSAMSegLib.volumes.slicePrompt import DrawnMask, SlicePrompt

#: The contract's version that this client speaks; a server says its own in ``/v1/health``.
PROTOCOL_VERSION = 1

#: A server returns the probabilities of so many prompts at most in one reply.
MOST_PROBABILITIES = 16

#: Encoding one slice with the largest model takes up to half a minute on a slow computer.
REPLY_TIMEOUT_SECONDS = 300.0


class ServerClient:
    """Asks one server. Every call opens its own connection, so that any thread may use the same client.

    Usage::

        client = ServerClient("http://127.0.0.1:41713", token)
        upload = client.uploadVolume(NpyUpload(slicer.util.arrayFromVolume(volumeNode)))
        reply = client.segment(upload.key, [SlicePrompt(axis=0, sliceIndex=24, box=(54, 160, 101, 204))])
    """

    def __init__(self, url: str, token: str, timeout: float = REPLY_TIMEOUT_SECONDS) -> None:
        """
        :param url: the server's address, such as ``http://127.0.0.1:41713`` (or ``https://`` for a remote server).
        :param token: the secret that the server expects with every request.
        :param timeout: longest silence of the server in seconds.
        """
        self._transport = ServerTransport(url, token, timeout)
        self._checkedVersion = False

    @property
    def url(self) -> str:
        """The server's address, without a slash at its end."""
        return self._transport.url

    def health(self, timeout: float | None = None) -> dict[str, Any]:
        """Return the server's own description (version, protocol, model, device) as a dictionary.

        :param timeout: longest silence of the server in seconds; the client's own when not given.
        :raises ServerError: when there is no answer, or the server speaks another version of the protocol.
        """
        health = self._transport.requestJson("GET", "/v1/health", timeout=timeout)
        if health.get("protocol") != PROTOCOL_VERSION:
            raise ServerError(
                f"The MedSAMSeg server {health.get('version', '')} speaks version {health.get('protocol')} of the "
                f"protocol, this extension speaks version {PROTOCOL_VERSION}.",
                "Update the older of the two.",
                "version_mismatch",
            )
        return health

    def models(self, timeout: float | None = None) -> list[dict[str, Any]]:
        """Return the models that the server knows, as a list of dictionaries (name, title, installed, license, …).

        :param timeout: longest silence of the server in seconds; the client's own when not given.
        """
        return self._transport.requestJson("GET", "/v1/models", timeout=timeout)["models"]

    def uploadVolume(self, upload: NpyUpload) -> UploadReply:
        """Send a volume's voxels, unless the server has them already.

        :param upload: the voxels, with the key under which the server will know them.
        """
        self._checkVersionOnce()
        path = f"/v1/volumes/{upload.key}"
        try:
            return UploadReply.fromJson(self._transport.requestJson("GET", path))
        except ServerError as error:
            if error.code != "volume_unknown":
                raise
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(upload.byteCount)}
        return UploadReply.fromJson(self._transport.requestJson("PUT", path, upload.chunks(), headers))

    def segment(
        self,
        key: str,
        prompts: Sequence[SlicePrompt],
        window: str = "auto",
        model: str | None = None,
        cachedOnly: bool = False,
        withProbabilities: bool = False,
        also: Sequence[str] = (),
        fuse: str = "mean",
        spacing: Sequence[float] | None = None,
    ) -> SegmentReply:
        """Return one mask for each prompt on one slice, as a :class:`SegmentReply`.

        :param key: the uploaded volume's key.
        :param prompts: list of :class:`SlicePrompt`, all on the same slice.
        :param window: intensity window: "auto", a preset's name, or "W,L".
        :param model: model's name; None for the server's default.
        :param cachedOnly: True to get None, at once, when the slice has not been encoded yet.
        :param withProbabilities: True to get each mask with the probability behind it; of :data:`MOST_PROBABILITIES`
            prompts at most.
        :param also: keys of further volumes of the same voxels, which are asked as well.
        :param fuse: "mean" or "max" of the probabilities of all volumes.
        :param spacing: distances of voxel centers along the array axes (K, J, I) in millimeters, to get masks of boxes
            with the range of their sizes; None to get none.
        """
        self._checkVersionOnce()
        ((axis, sliceIndex),) = {(prompt.axis, prompt.sliceIndex) for prompt in prompts}
        asked = [prompt.toJson() for prompt in prompts]
        request = {"model": model, "window": window, "axis": axis, "slice": sliceIndex, "prompts": asked}
        flags = {"cached_only": cachedOnly, "probabilities": withProbabilities}
        request.update({name: True for name, isOn in flags.items() if isOn}, **_fused(also, fuse))
        if spacing is not None:
            request["spacing"] = list(spacing)
        try:
            reply = self._transport.requestJson("POST", f"/v1/volumes/{key}/segment", request)
        except ServerError as error:
            if cachedOnly and error.code == "not_encoded":
                return None
            raise
        return SegmentReply.fromJson(reply)

    def boxAt(
        self,
        key: str,
        axis: int,
        sliceIndex: int,
        point: Sequence[float],
        window: str = "auto",
        model: str | None = None,
    ) -> tuple[float, ...]:
        """Return the box (x0, y0, x1, y1) round the object at a point, of a model that has learned clicks.

        :param key: the uploaded volume's key.
        :param axis: array axis of the slice.
        :param sliceIndex: index of the slice along it.
        :param point: (x, y) in voxels of the slice.
        :param window: intensity window: "auto", a preset's name, or "W,L".
        :param model: model's name; None for the server's default.
        """
        self._checkVersionOnce()
        place = {"axis": axis, "slice": sliceIndex, "point": [float(value) for value in point]}
        request = {"model": model, "window": window, **place}
        return tuple(self._transport.requestJson("POST", f"/v1/volumes/{key}/click", request)["box"])

    def startEncoding(
        self, key: str, axis: int, sliceIndex: int, window: str = "auto", model: str | None = None
    ) -> EncodingStatus:
        """Let the server encode slices in the background; clicks go first.

        A job that the volume has for the same axis, window and model goes on from the slice outward; another one is
        replaced.

        :param key: the uploaded volume's key.
        :param axis: array axis of the slices.
        :param sliceIndex: where to begin; the slices are encoded from there outward.
        :param window: intensity window: "auto", a preset's name, or "W,L".
        :param model: model's name; None for the server's default.
        """
        self._checkVersionOnce()
        request = {"model": model, "window": window, "axis": axis, "slice": sliceIndex}
        return EncodingStatus.fromJson(self._transport.requestJson("POST", f"/v1/volumes/{key}/encodings", request))

    def encodingStatus(self, key: str) -> EncodingStatus:
        """Return how far the background encoding of a volume is.

        :param key: the uploaded volume's key.
        """
        return EncodingStatus.fromJson(self._transport.requestJson("GET", f"/v1/volumes/{key}/encodings"))

    def propagate(
        self,
        key: str,
        axis: int,
        prompts: Sequence[SlicePrompt] = (),
        first: int | None = None,
        last: int | None = None,
        direction: str = "both",
        spacing: Sequence[float] = (1.0, 1.0, 1.0),
        locked: Sequence[int] = (),
        reach: int | None = None,
        objects: Mapping[str, Any] | None = None,
        mayOverlap: bool = True,
        window: str = "auto",
        model: str | None = None,
        job: str | None = None,
        method: str | None = None,
        withProbabilities: bool = False,
        withRanges: bool = False,
        planes: int = 1,
        excludeMasks: Mapping[int, DrawnMask] | None = None,
        also: Sequence[str] = (),
        fuse: str = "mean",
    ) -> Iterator[PropagationEvent]:
        """Start a propagation, and return its events as they happen; closing the iterator cancels it.

        :param key: the uploaded volume's key.
        :param axis: array axis of the prompts' slices.
        :param prompts: list of :class:`SlicePrompt` along the axis; where one has a mask, that is taken as it is.
        :param first: first slice that may be touched; None for the volume's first.
        :param last: last slice that may be touched (inclusive); None for the volume's last.
        :param direction: "both", "forward" (rising slice index) or "backward".
        :param spacing: distances of voxel centers along the array axes (K, J, I) in millimeters.
        :param locked: indices of slices that are not computed, and that no propagation pass crosses.
        :param reach: how many slices from the outermost prompts the object can be, and may end before; None where
            nobody knows.
        :param objects: {ID: {prompts, first, last, locked, reach, excludeMasks}} of several objects that are followed
            together, in the place of these arguments here; events of slices then have the ID as "object".
        :param mayOverlap: whether several objects may have the same voxels; if not, a slice comes again when a later
            object takes voxels from it.
        :param window: intensity window: "auto", a preset's name, or "W,L".
        :param model: model's name; None for the server's default.
        :param job: name under which :meth:`cancel` can stop it from another thread.
        :param method: how the object is followed, such as "film" for one that may jump, hide and come back; None for
            the server's default.
        :param withProbabilities: True to get masks with the probability behind them, where there is one.
        :param withRanges: True to get masks with the range of their sizes, where others voted for them.
        :param planes: 3 to look at the object across the two other axes as well; its slices come again then.
        :param excludeMasks: {slice index: :class:`DrawnMask`} of pixels that are not the object's.
        :param also: keys of further volumes of the same voxels, which are asked as well.
        :param fuse: "mean" or "max" of the probabilities of all volumes.
        :return: iterator of :class:`PropagationEvent`; an error of the server is raised.
        """
        self._checkVersionOnce()
        request = {
            "model": model,
            "window": window,
            "axis": axis,
            "direction": direction,
            "spacing": list(spacing),
            "job": job,
            "planes": planes,
            **({"method": method} if method else {}),
            **({"probabilities": True} if withProbabilities else {}),
            **({"ranges": True} if withRanges else {}),
            **_fused(also, fuse),
        }
        if objects:
            request["objects"] = [{"id": name, **_followed(**arguments)} for name, arguments in objects.items()]
            request["may_overlap"] = mayOverlap
        else:
            request.update(_followed(prompts, first, last, locked, reach, excludeMasks))
        return self._transport.readEvents(f"/v1/volumes/{key}/propagate", request)

    def propose(
        self,
        key: str,
        axis: int,
        sliceIndex: int,
        window: str = "auto",
        model: str | None = None,
        job: str | None = None,
        **options: float,
    ) -> Iterator[PropagationEvent]:
        """Search a slice for objects, and return the events as they happen; closing the iterator cancels it.

        :param key: the uploaded volume's key.
        :param axis: array axis of the slice.
        :param sliceIndex: index along that axis.
        :param window: intensity window: "auto", a preset's name, or "W,L".
        :param model: name of a model that proposes; None for the server's usual one.
        :param job: name under which :meth:`cancel` can stop it from another thread.
        :param options: points_per_side, least_quality, least_stability and most_overlap, where not as usual.
        :return: iterator of :class:`PropagationEvent`; an error of the server is raised.
        """
        self._checkVersionOnce()
        request = {"model": model, "window": window, "axis": axis, "slice": sliceIndex, "job": job, **options}
        return self._transport.readEvents(f"/v1/volumes/{key}/proposals", request)

    def cancel(self, job: str) -> None:
        """Stop a propagation, a search or an encoding after what is in work. One that has ended already is no error."""
        try:
            self._transport.requestJson("POST", f"/v1/jobs/{job}/cancel")
        except ServerError as error:
            if error.code != "job_unknown":
                raise

    def _checkVersionOnce(self):
        if not self._checkedVersion:
            self.health()
            self._checkedVersion = True


def _fused(also, fuse):
    """:return: the fields of a request about further volumes."""
    return {"also": list(also), "fuse": fuse} if also else {}


def _followed(prompts, first=None, last=None, locked=(), reach=None, excludeMasks=None):
    excluded = [{"slice": index, "mask": mask.toJson()} for index, mask in (excludeMasks or {}).items()]
    return {
        "prompts": [{"slice": prompt.sliceIndex, **prompt.toJson()} for prompt in prompts],
        "first": first,
        "last": last,
        "locked": list(locked),
        # Older servers know no such fields.
        **({} if reach is None else {"reach": reach}),
        **({"exclude_masks": excluded} if excluded else {}),
    }
