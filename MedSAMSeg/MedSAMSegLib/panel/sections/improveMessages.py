"""How far a training is and what it changed, in words."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from MedSAMSegLib.training.correctionTraining import TrainingProgress

#: Smaller changes count as none, because few slices are held back.
NOTABLE_CHANGE = 0.005


def trainingMessage(progress: TrainingProgress) -> str:
    """Return what is being done.

    :param progress: :class:`TrainingProgress`.
    """
    if progress.phase == "collecting":
        return _("Collecting slices …")
    if progress.phase == "encoding":
        if not progress.total:
            return _("Preparing …")
        return _("Preparing slice {done} of {total} …").format(done=progress.done, total=progress.total)
    return _("Learning … step {done} of at most {total}").format(done=progress.done, total=progress.total)


def improvementText(improvement: Any) -> str:
    """Return what changed, as rich text: a verdict, a table, and what it stands on.

    :param improvement: :class:`Improvement`.
    """
    lines = [f"<b>{_verdict(improvement)}</b>", _table(improvement.changes), _basis(improvement)]
    lines.append(_("Other objects it may find less well: the list of models keeps the one from before."))
    lines += [html.escape(sentence) for sentence in improvement.skipped]
    return "<br>".join(lines)


def _verdict(improvement):
    _name, before, after = improvement.changes[-1]
    if after - before > NOTABLE_CHANGE:
        return _("The new model is better on slices that it has not seen.")
    if after - before < -NOTABLE_CHANGE:
        return _("The new model is worse on slices that it has not seen.")
    return _("The new model is about as good as before on slices that it has not seen.")


def _table(changes):
    header = "".join(f"<th align='left'>{title}&nbsp;&nbsp;</th>" for title in _titles())
    rows = [_row(name, before, after) for name, before, after in (changes if len(changes) > 2 else changes[:1])]
    return f"<table><tr>{header}</tr>{''.join(rows)}</table>"


def _titles():
    return (_("Segment"), _("Dice before"), _("after"), _("change"))


def _row(name, before, after):
    # A real minus sign is as wide as the plus.
    change = f"{after - before:+.3f}".replace("-", "\N{MINUS SIGN}")
    cells = (html.escape(name) if name else _("Mean"), f"{before:.3f}", f"{after:.3f}", change)
    return "<tr>" + "".join(f"<td>{cell}&nbsp;&nbsp;</td>" for cell in cells) + "</tr>"


def _basis(improvement):
    values = {
        "slices": improvement.slices,
        "volumes": improvement.volumes,
        "heldBack": improvement.heldBack,
    }
    if improvement.holdsBackVolumes:
        return _("{slices} masks on slices of {volumes} volumes; measured on {heldBack} of volumes held back.").format(
            **values
        )
    return _(
        "{slices} masks on slices of {volumes} volume(s); measured on {heldBack} held back."
        " They are of the same volume(s): expect less on others."
    ).format(**values)
