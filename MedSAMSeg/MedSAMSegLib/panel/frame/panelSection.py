"""What every section of the panel is."""


class PanelSection:
    """A group of widgets that does one thing. Every method here does nothing unless a section overrides it.

    :param ui: the panel's widgets by name; a section touches only its own.
    :param session: the :class:`PanelSession` that it shares with the other sections.
    """

    def __init__(self, ui, session):
        self.ui = ui
        self.session = session

    def connect(self, sender, signal, slot):
        """Call a function whenever an object emits a signal, until the panel goes.

        :param sender: a widget, timer or other object of Qt.
        :param signal: its C++ signature, such as "clicked()".
        :param slot: the function.
        """
        self.session.connections.connect(sender, signal, slot)

    def enter(self):
        """The module is shown."""

    def exit(self):
        """Another module is shown: mouse and keys are given back; work under way goes on."""

    def useScene(self):
        """There is a scene: ``session.parameters`` are its settings."""

    def forgetScene(self):
        """The scene goes: ``session.parameters`` are about to become None, runs have been dropped."""

    def update(self):
        """Make the widgets show what is; called often, only while there are parameters."""

    def cleanup(self):
        """The panel goes: nothing may call the section any more."""
