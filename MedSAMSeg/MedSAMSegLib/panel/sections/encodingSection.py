"""The server made ready before the first box: started, given the volume, and encoding slices ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.encodingAhead import BackgroundEncoding, ViewedSlice

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession

LOOK_MILLISECONDS = 300


class EncodingSection(PanelSection):
    """Prepares what the user will ask for. It goes on while another module is shown; clicks always go first.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._isEntered = False
        self._startedFor = None
        self._upload: Any = None
        self._uploaded: Any = None
        self._viewed = ViewedSlice()
        self._encoding = BackgroundEncoding(session.logic)
        self._timer = qt.QTimer()
        self._timer.interval = LOOK_MILLISECONDS
        self.connect(self._timer, "timeout()", self._look)
        session.breathing.watch(lambda: self._upload is not None or self._encoding.isUnderWay)

    def enter(self) -> None:
        """The server may be started from now on."""
        self._isEntered = True
        self._startedFor = None

    def exit(self) -> None:
        """Nothing new is started; what is under way goes on."""
        self._isEntered = False

    def useScene(self) -> None:
        """Look at what the user looks at."""
        self._timer.start()

    def forgetScene(self) -> None:
        """The volumes are about to go."""
        self._stop()
        self._upload = self._uploaded = None
        self.session.logic.cancelUploads()

    def cleanup(self) -> None:
        """Look no more."""
        self._stop()

    def _stop(self):
        self._timer.stop()
        self._encoding.stop()
        self.session.monitor.setEncoding(None)

    def _look(self):
        if self.session.hasUsableVolume:
            self._startServer()
            self._prepareIfReady()
        else:
            self._encoding.stop()
        self._encoding.advance()
        self.session.monitor.setEncoding(self._encoding.status)
        self.session.breathing.start()

    def _prepareIfReady(self):
        client = self.session.server.readyClient
        if client is not None and self.session.monitor.state.hasAnswered:
            self._prepare(client.url)

    def _startServer(self):
        """Start the server for a volume that was just chosen: it takes seconds, in which the user draws a box."""
        volumeID = self.session.parameters.volume.GetID()
        if self._isEntered and self._startedFor != volumeID:
            self._startedFor = volumeID
            if self.session.monitor.state.kind == "off":
                self.session.monitor.start()

    def _prepare(self, server):
        volume = self.session.parameters.volume
        shown = self._viewed.of(self.session.geometry)
        if self.session.parameters.backgroundEncoding and shown is not None:
            self._encoding.follow(server, volume, self.session.window, self.session.model, shown)
            return
        self._encoding.stop()
        self._sendVolume(server, volume)

    def _sendVolume(self, server, volume):
        state = (server, volume.GetID(), volume.GetImageData().GetMTime())
        if self._uploaded != state:
            self._uploaded = state
            self._upload = self.session.logic.startUpload(volume)
        try:
            if self._upload is not None and not self._upload.advance():
                self._upload = None
        except UserError:
            # The next box sends it again, and says what hinders it.
            self._upload = None
