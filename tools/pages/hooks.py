"""What `make docs` does besides MkDocs: README as the first page, parts made from the program, links out of `docs`."""

import json
import posixpath
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from pages import commandHelp, troubleshooting

ROOT = Path(__file__).resolve().parents[2]
#: A line of a page, and what stands in its place in the site.
MADE = {
    "<!-- every command -->": commandHelp.describeCommands,
    "<!-- every error code -->": troubleshooting.describeErrors,
}
#: Folder of the site for pictures that lie elsewhere in the repository.
PICTURES = "pictures"
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\]\([^)]*\))*)\]\(([^()\s]+)\)")
_WORD_OF_CODE = re.compile(r"(?<![^\s>])[\w.=-]*-[\w.=-]*(?![^\s<])")
#: Characters of a word that fits on a line of a phone.
LONGEST_WORD = 30
_PICTURE_SUFFIXES = {".png", ".jpg", ".gif", ".svg", ".webm"}


def on_files(files, config):
    """Add README, and the pictures that it shows."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "index.md", content=readme))
    for picture in sorted((ROOT / "Resources" / "Screenshots").iterdir()):
        if picture.suffix in _PICTURE_SUFFIXES:
            files.append(File.generated(config, f"{PICTURES}/{picture.name}", abs_src_path=str(picture)))
    files.append(File.generated(config, f"{PICTURES}/icon.png", abs_src_path=str(ROOT / "Resources" / "MedSAMSeg.png")))
    return files


def on_page_markdown(markdown, page, config, files):
    """Fill in what is made from the program, and let links lead where they do in the repository."""
    for line, make in MADE.items():
        if line in markdown:
            markdown = markdown.replace(line, make())
    source = "README.md" if page.file.src_uri == "index.md" else f"docs/{page.file.src_uri}"
    return _outsideOfCode(lambda text: rewriteLinks(text, source, page.file.src_uri), markdown)


def on_page_content(html, page, config, files):
    """Keep together what a line should not be broken in."""
    return keepTogether(html)


def keepTogether(html):
    """Return a page on which no line ends within an option, as in `--` / `users`, between a number and its error
    or footnote, or in a cell's pair of numbers."""

    def keepWord(word):
        return f'<span class="word">{word[0]}</span>' if len(word[0]) <= LONGEST_WORD else word[0]

    html = re.sub(r"<code>[^<\n]*</code>", lambda code: _WORD_OF_CODE.sub(keepWord, code[0]), html)
    html = re.sub(r" ± (?=\d)", "&nbsp;±&nbsp;", html)
    # Browsers break behind a bar, whatever space follows.
    html = re.sub(r"(?<=<td>)[\d.]+ \| [\d.]+(?=</td>)", keepWord, html)
    return re.sub(r"(?<=\d) (?=[¹²³])", "&nbsp;", html)


def rewriteLinks(markdown, source, place):
    """Return a page with its links as they have to be in the site.

    :param source: the page's file in the repository, such as `docs/speed.md`.
    :param place: where the page is in the site, such as `speed.md`.
    :raises PluginError: for a link to a file that does not exist.
    """

    def rewrite(link):
        # A picture within a link's text has a link of its own.
        text = _LINK.sub(rewrite, link[2])
        return f"{link[1]}[{text}]({_target(link[3], source, place)})"

    return _LINK.sub(rewrite, markdown)


def _target(target, source, place):
    path, mark, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return target
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if not (ROOT / path).exists():
        raise PluginError(f"{source} links to {target}, but there is no {path}.")
    here = posixpath.dirname(place) or "."
    if posixpath.dirname(path) == "Resources/Screenshots":
        return posixpath.relpath(f"{PICTURES}/{posixpath.basename(path)}", here)
    if path == "README.md":
        return posixpath.relpath("index.md", here) + mark + anchor
    if path.startswith("docs/"):
        page = "decisions/README.md" if path == "docs/decisions" else path.removeprefix("docs/")
        return posixpath.relpath(page, here) + mark + anchor
    kind = "tree" if (ROOT / path).is_dir() else "blob"
    return f"{_repository()}/{kind}/main/{path}{mark}{anchor}"


def _repository():
    entry = json.loads((ROOT / "MedSAMSeg.json").read_text(encoding="utf-8"))
    return entry["scm_url"].removesuffix(".git")


def _outsideOfCode(change, markdown):
    """Return a text, changed where it is not a block of code."""
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else change(part) for part in parts)
