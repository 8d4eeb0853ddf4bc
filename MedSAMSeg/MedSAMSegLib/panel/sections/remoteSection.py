"""Advanced: a server on another computer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.server.remoteServer import RemoteAddress

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class RemoteSection(PanelSection):
    """Address and token of a remote server; both are remembered for this user, neither is saved in the scene.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        remembered = RemoteAddress.load()
        session.server.remote = remembered
        if remembered is not None:
            ui.remoteUrlLineEdit.text = remembered.url
            ui.remoteTokenLineEdit.text = remembered.token
            ui.insecureServerCheckBox.checked = remembered.isInsecureAllowed
        self.connect(ui.remoteUrlLineEdit, "textChanged(QString)", self._onChanged)
        self.connect(ui.useRemoteButton, "clicked()", self._onUse)
        self._onChanged()

    @property
    def _address(self):
        url = self.ui.remoteUrlLineEdit.text.strip()
        token = self.ui.remoteTokenLineEdit.text.strip()
        return RemoteAddress(url, token, self.ui.insecureServerCheckBox.checked) if url else None

    def _onChanged(self, _text=""):
        address = self._address
        # Shown only where it matters: most people need not answer this question.
        self.ui.insecureServerCheckBox.visible = address is not None and not address.isPrivate

    def _onUse(self):
        with self.session.showingErrors():
            address = self._address
            if address is None:
                RemoteAddress.forget()
                self.session.showMessage(_("From now on the server of this computer is used."))
            else:
                address.save()
                self.session.showMessage(_("From now on images go to {url}.").format(url=address.url))
            self.session.server.remote = address
            self.session.monitor.restart()
