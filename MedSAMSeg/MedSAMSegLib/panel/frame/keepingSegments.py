"""Segments that kept their voxels, as notes list them: their names stay, the words round them are translated."""

from __future__ import annotations

import re

from slicer.i18n import tr as _

#: Between two of the list: behind a status or a number, and before a name or a number.
_AND = re.compile(r"(?<=\)) and (?=['\d])")
_MORE = re.compile(r"(?P<count>\d+) other segments$")


def inUsersLanguage(who: str) -> str:
    """Return such a list in the user's language.

    :param who: such as "'Liver' (completed), 'Tumor' (hidden) and 2 other segments", in English.
    """
    for english, translated in (
        ("(hidden)", _("(hidden)")),
        ("(completed)", _("(completed)")),
        ("(flagged)", _("(flagged)")),
    ):
        # Behind the quotation mark that ends a name.
        who = who.replace(f"' {english}", f"' {translated}")
    who = _MORE.sub(lambda found: _("{count} other segments").format(count=found["count"]), who)
    return _AND.sub(f" {_('and')} ", who)
