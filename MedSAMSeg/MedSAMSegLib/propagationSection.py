"""Follow the object through the volume."""

from slicer.i18n import tr as _

from .panelSection import PanelSection


class PropagationSection(PanelSection):
    """Starts, watches and stops propagations.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui, session):
        super().__init__(ui, session)
        self._run = None
        ui.propagateButton.connect("clicked()", self._onPropagate)
        ui.cancelButton.connect("clicked()", self._onCancel)

    def forgetScene(self):
        """The run was dropped with the rest of the work."""
        self._run = None

    def update(self):
        """One propagation at a time."""
        isRunning = self._run is not None and not self._run.isOver
        self.ui.propagateButton.enabled = self.session.hasSegment and not isRunning
        self.ui.cancelButton.enabled = isRunning
        self.ui.progressBar.visible = isRunning

    def _onPropagate(self):
        session = self.session
        with session.sayingErrors():
            self._run = session.logic.startPropagation(
                *session.target, progress=self._onProgress, window=session.window, model=session.model
            )
            self.ui.progressBar.setRange(0, 0)
            session.say(_("Following the object through the volume …"))
            session.work.add(self._run, lambda result: session.say(_sentenceOnPropagation(result)))

    def _onProgress(self, progress):
        self.ui.progressBar.setRange(0, progress.total)
        self.ui.progressBar.setValue(progress.done)
        self.session.say(_("Slice {index} is done.").format(index=progress.sliceIndex))

    def _onCancel(self):
        self._run.cancel()
        self.session.say(_("Stopping after this slice; what is done is kept."))


def _sentenceOnPropagation(result):
    sentence = _("{count} slices.").format(count=len(result.slices))
    if result.wasCancelled:
        return _("Stopped.") + " " + sentence
    return " ".join([sentence, *(ending["message"] for ending in result.endings)])
