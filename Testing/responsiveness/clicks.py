"""How long it takes from the release of the button to the rendered mask, and where the time goes."""

import dataclasses
import time

import numpy as np

PATIENCE_SECONDS = 120


@dataclasses.dataclass
class Click:
    """One box; all times in milliseconds.

    :param total: from the release of the button to the end of the first rendering with the mask.
    :param request: the HTTP request, from its first byte to its last, on its thread.
    :param server: what the server says it computed of that.
    :param module: the rest: what the module and Slicer take before and after, rendering included.
    :param work: the time of the processor that the main thread took in all of it.
    :param rendering: the first rendering with the mask, out of `module`.
    """

    total: float
    request: float
    server: float
    module: float
    work: float
    rendering: float


class ClickWatch:
    """Draws boxes in a slice view as a person does, and times them.

    :param gui: GuiHost.
    :param panel: the module's widget, its draw tool on.
    :param client: BackendClient, whose requests are timed from now on.
    :param viewName: name of the slice view.
    """

    def __init__(self, gui, panel, client, viewName="Red"):
        self._gui = gui
        self._panel = panel
        self._view = gui.view(viewName)
        self._rendered = []
        self._requests = []
        window = self._view.view.renderWindow()
        window.AddObserver("StartEvent", lambda *_: self._rendered.append([time.perf_counter(), None]))
        window.AddObserver("EndEvent", self._onEnd)
        self._written = None
        self._time(client)
        self._noteWhatIsSaid(panel.panel._session)

    def draw(self, start, end):
        """Draw a box and wait for its mask to be rendered.

        :param start: display position of one corner.
        :param end: display position of the opposite corner.
        :return: Click.
        """
        view, gui = self._view, self._gui
        view.moveTo(*start)
        view.press()
        for share in np.linspace(0, 1, 8):
            view.moveTo(*(a + (b - a) * share for a, b in zip(start, end, strict=True)))
            gui.processEvents()
        # The preview of the drag is no part of the answer.
        gui.waitUntil(lambda: not self._panel.panel._session.work._entries, PATIENCE_SECONDS)
        self._written = None
        del self._requests[:]
        released, worked = time.perf_counter(), time.thread_time()
        view.release()
        self._waitForMask()
        gui.waitUntil(lambda: self._renderingAfter(self._written))
        work = 1000 * (time.thread_time() - worked)
        began, ended = self._renderingAfter(self._written)
        seconds, reply = self._requests[-1]
        total = 1000 * (ended - released)
        request = 1000 * seconds
        server = 1000 * (reply.secondsEncoding + reply.secondsDecoding)
        return Click(total, request, server, total - request, work, 1000 * (ended - began))

    def _waitForMask(self):
        try:
            self._gui.waitUntil(lambda: self._written, PATIENCE_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"No mask came; the panel says '{self._panel.ui.statusLabel.text}'") from None

    def _renderingAfter(self, moment):
        return next((times for times in self._rendered if times[1] is not None and times[1] > moment), None)

    def _onEnd(self, *_arguments):
        if self._rendered:
            self._rendered[-1][1] = time.perf_counter()

    def _noteWhatIsSaid(self, session):
        say = session.say

        def sayAndNote(sentence):
            say(sentence)
            # Said as soon as the mask is in the segment.
            if sentence.startswith(("Found", "Nothing changed")):
                self._written = time.perf_counter()

        session.say = sayAndNote

    def _time(self, client):
        ask = client.segment

        def askAndTime(*arguments, **options):
            started = time.perf_counter()
            reply = ask(*arguments, **options)
            if not options.get("cachedOnly"):
                self._requests.append((time.perf_counter() - started, reply))
            return reply

        client.segment = askAndTime
