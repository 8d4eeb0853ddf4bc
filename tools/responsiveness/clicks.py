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
    :param rendering: what VTK took to render any view, while no request was under way.
    :param module: the rest: what the module, and what it calls of Slicer and MRML, take before and after.
    :param work: the time of the processor that the main thread took in all of it.
    """

    total: float
    request: float
    server: float
    rendering: float
    module: float
    work: float


class ClickWatch:
    """Draws boxes in a slice view as a person does, and times them.

    :param gui: GuiHost.
    :param panel: the module's widget, its draw tool on.
    :param client: ServerClient, whose requests are timed from now on.
    :param viewName: name of the slice view.
    """

    def __init__(self, gui, panel, client, viewName="Red"):
        self._gui = gui
        self._panel = panel
        self._view = gui.view(viewName)
        self._rendered = []
        self._requests = []
        self._allRendered = []
        for view in gui.layoutManager._views():
            _noteRenderings(view.renderWindow(), self._allRendered)
        _noteRenderings(self._view.view.renderWindow(), self._rendered)
        self._written = None
        self._time(client)
        self._noteWhatIsSaid(panel.panel._session)

    def draw(self, start, end, rest=0):
        """Draw a box and wait for its mask to be rendered.

        :param start: display position of one corner.
        :param end: display position of the opposite corner.
        :param rest: seconds for which the pointer is held still before the button is released.
        :return: Click.
        """
        view, gui = self._view, self._gui
        view.moveTo(*start)
        view.press()
        for share in np.linspace(0, 1, 8):
            view.moveTo(*(a + (b - a) * share for a, b in zip(start, end, strict=True)))
            gui.processEvents()
        stillUntil = time.perf_counter() + rest
        gui.waitUntil(lambda: time.perf_counter() >= stillUntil, PATIENCE_SECONDS)
        # The preview of the drag is no part of the answer.
        gui.waitUntil(lambda: not self._panel.panel._session.work._entries, PATIENCE_SECONDS)
        self._written = None
        del self._requests[:], self._allRendered[:]
        released, worked = time.perf_counter(), time.thread_time()
        view.release()
        self._waitForMask()
        gui.waitUntil(lambda: self._renderingAfter(self._written))
        work = 1000 * (time.thread_time() - worked)
        _began, ended = self._renderingAfter(self._written)
        asked, answered, reply = self._requests[-1]
        request = (asked, answered)
        outside = [_without((began, min(end, ended)), request) for began, end in self._allRendered if began < ended]
        rendering = sum(outside)
        total = ended - released
        return Click(
            total=1000 * total,
            request=1000 * (answered - asked),
            server=1000 * (reply.secondsEncoding + reply.secondsDecoding),
            rendering=1000 * rendering,
            module=1000 * (total - (answered - asked) - rendering),
            work=work,
        )

    def _waitForMask(self):
        try:
            self._gui.waitUntil(lambda: self._written, PATIENCE_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"No mask came; the panel says '{self._panel.ui.statusLabel.text}'") from None

    def _renderingAfter(self, moment):
        return next((times for times in self._rendered if times[1] is not None and times[1] > moment), None)

    def _noteWhatIsSaid(self, session):
        say = session.showMessage

        def sayAndNote(sentence):
            say(sentence)
            # Said as soon as the mask is in the segment.
            if sentence.startswith(("Found", "Nothing changed")):
                self._written = time.perf_counter()

        session.showMessage = sayAndNote

    def _time(self, client):
        ask = client.segment

        def askAndTime(*arguments, **options):
            started = time.perf_counter()
            reply = ask(*arguments, **options)
            if not options.get("cachedOnly"):
                self._requests.append((started, time.perf_counter(), reply))
            return reply

        client.segment = askAndTime


def _noteRenderings(window, renderings):
    """Append [begin, end] of each rendering of a window to a list; the end is None until it is there."""

    def onEnd(*_arguments):
        if renderings and renderings[-1][1] is None:
            renderings[-1][1] = time.perf_counter()

    window.AddObserver("StartEvent", lambda *_: renderings.append([time.perf_counter(), None]))
    window.AddObserver("EndEvent", onEnd)


def _without(span, other):
    """:return: how long a span of time is, as far as it is not within another one."""
    (begin, end), (otherBegin, otherEnd) = span, other
    return end - begin - max(0.0, min(end, otherEnd) - max(begin, otherBegin))
