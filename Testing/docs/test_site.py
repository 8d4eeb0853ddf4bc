"""The documentation builds as a site without a warning, complete, and loads nothing from elsewhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mkdocs.exceptions import PluginError
from pages import hooks
from pages.commandHelp import parsersBelow

from medsamseg_server.cli.command_line import make_parser

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://github.com/medsamseg/SlicerMedSAMSeg"
#: What a browser loads by itself; links that a reader follows may lead anywhere.
LOADED = re.compile(r"<(?:script|img|iframe|source|video|link)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^\s>]*")


def build(source, target):
    """Build the site of a checkout. Anchors are not looked at with `--quiet`.

    :return: the finished process, with all that it printed.
    """
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)],
        cwd=source,
        env=os.environ | {"PYTHONPATH": str(source / "tools"), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    finished = build(ROOT, folder)
    assert finished.returncode == 0, finished.stderr
    assert "WARNING" not in finished.stderr
    return folder


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout whose pages may be spoilt; what they only link to is the real one's."""
    own = {"docs", "tools", "README.md", "mkdocs.yml"}
    for path in ROOT.iterdir():
        if path.name not in own:
            (tmp_path / path.name).symlink_to(path)
        elif path.is_dir():
            shutil.copytree(path, tmp_path / path.name)
        else:
            shutil.copy(path, tmp_path)
    return tmp_path


def test_siteHasEveryPage(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    made = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {page.replace("README.html", "index.html") for page in pages} | {"index.html"} <= made


def test_nothingIsLoadedFromElsewhere(site):
    loaded = {place for path in site.rglob("*.html") for place in LOADED.findall(path.read_text(encoding="utf-8"))}
    # The address of the page itself, for search engines, is none of them: there is no `site_url`.
    assert loaded == set()
    assert "url(http" not in "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))


def test_picturesAreThere(site):
    # The page for what is not found is served at any address, so its paths begin at the root.
    for path in {*site.rglob("*.html")} - {site / "404.html"}:
        for picture in re.findall(r"<img[^>]*\bsrc=\"?([^\s\">]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / picture).is_file(), f"{path.name} shows {picture}"


def test_everyCommandAndEveryCodeHasAnAnchor(site, codes):
    commands = (site / "commands.html").read_text(encoding="utf-8")
    for parser in parsersBelow(make_parser()):
        assert re.search(rf'id="?{parser.prog.replace(" ", "-")}["> ]', commands), parser.prog
    troubles = (site / "troubleshooting.html").read_text(encoding="utf-8")
    assert [code for code in codes if not re.search(rf'id="?{code}["> ]', troubles)] == []


def test_linkToNowhereStopsTheBuild(checkout, tmp_path):
    for page, link in (("docs/films.md", "training.md#no-such-heading"), ("README.md", "#none-here")):
        with (checkout / page).open("a", encoding="utf-8") as file:
            file.write(f"\n[words]({link})\n")
    finished = build(checkout, tmp_path / "spoilt")
    assert finished.returncode != 0
    assert "'#none-here'" in finished.stderr
    assert "'training.md#no-such-heading'" in finished.stderr


@pytest.mark.parametrize(
    "source, place, link, expected",
    [
        ("README.md", "index.md", "[a](docs/speed.md#figures)", "[a](speed.md#figures)"),
        ("README.md", "index.md", "[a](docs/decisions/README.md)", "[a](decisions/README.md)"),
        ("README.md", "index.md", "[a](#limits) [b](https://x.org/y)", "[a](#limits) [b](https://x.org/y)"),
        ("README.md", "index.md", "![a](Resources/Screenshots/box.png)", "![a](pictures/box.png)"),
        ("README.md", "index.md", "[a](LICENSE)", f"[a]({REPOSITORY}/blob/main/LICENSE)"),
        ("docs/films.md", "films.md", "[a](../README.md#limits)", "[a](index.md#limits)"),
        ("docs/films.md", "films.md", "![a](../Resources/Screenshots/box.png)", "![a](pictures/box.png)"),
        ("docs/decisions/README.md", "decisions/README.md", "[a](../speed.md)", "[a](../speed.md)"),
        ("docs/films.md", "films.md", "[a](../examples)", f"[a]({REPOSITORY}/tree/main/examples)"),
    ],
)
def test_linkLeadsWhereItDoesInTheRepository(source, place, link, expected):
    assert hooks.rewriteLinks(link, source, place) == expected


@pytest.mark.parametrize("target", ["docs/gone.md", "Resources/Screenshots/gone.png", "gone"])
def test_linkToAFileThatIsNotThereIsAnError(target):
    with pytest.raises(PluginError, match=f"README.md links to {target}"):
        hooks.rewriteLinks(f"[words]({target})", "README.md", "index.md")


@pytest.mark.parametrize(
    "html, expected",
    [
        ("<code>--users</code>", '<code><span class="word">--users</span></code>'),
        ("<code>serve --port 80</code>", '<code>serve <span class="word">--port</span> 80</code>'),
        ("<code>/v1/status</code>", "<code>/v1/status</code>"),
        (f"<code>--{'long' * 8}</code>", f"<code>--{'long' * 8}</code>"),
        ("<p>a well-known -x</p>", "<p>a well-known -x</p>"),
        ("<pre><code>$ a --b\n</code></pre>", "<pre><code>$ a --b\n</code></pre>"),
        ("<td>0.791 | 0.793</td>", '<td><span class="word">0.791 | 0.793</span></td>'),
        ("<strong>0.880</strong> ± 0.012 ¹", "<strong>0.880</strong>&nbsp;±&nbsp;0.012&nbsp;¹"),
    ],
)
def test_noLineEndsWithinAnOptionOrAFigure(html, expected):
    assert hooks.keepTogether(html) == expected
