"""What the Extensions Index asks of a repository and of an entry, re-stated from its checks.

Sources: ``scripts/check_description_files.py`` and the pull request template of Slicer/ExtensionsIndex,
``Schemas/slicer-extension-catalog-entry-schema-v1.0.1.json`` of Slicer/Slicer (2026-08).
Each check yields sentences about what is wrong.
"""

import json
import re
import struct
import subprocess
from urllib.parse import urlsplit

import jsonschema
from complaints import NAME

CLONE_LIMIT_BYTES = 100 * 10**6
ICON_SIZE = (128, 128)
LICENSE_NAMES = {"LICENSE", "LICENCE", "LICENSE.txt", "License.txt", "license.txt", "COPYING", "COPYING.txt"}
REQUIRED_FIELDS = ["HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"]
SCHEMA_URL = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/slicer-extension-catalog-entry-schema-v1.0.1.json"
)

#: Categories of the index that a segmentation extension may choose from; the index has about sixty in all.
CATEGORIES = {"Segmentation", "Active Learning", "Analysis", "Cardiac", "Neuroimaging", "Quantification", "Utilities"}

STRING = {"type": "string"}
ENTRY_SCHEMA = {
    "type": "object",
    "required": ["$schema", "category", "scm_url"],
    "additionalProperties": False,
    "properties": {
        "$schema": STRING,
        "category": STRING,
        "scm_url": STRING,
        "scm_revision": STRING,
        "scm_type": {"enum": ["git", "local"]},
        "build_dependencies": {"type": "array", "items": STRING},
        "build_subdirectory": STRING,
        "enabled": {"type": "boolean"},
        "tier": {"enum": [1, 3, 5]},
    },
}


def checkEntry(repository):
    """The entry is what the schema allows, in an allowed category, for a repository of an allowed name."""
    text = repository.text(f"{NAME}.json")
    entry = json.loads(text)
    for error in jsonschema.Draft7Validator(ENTRY_SCHEMA).iter_errors(entry):
        yield f"{NAME}.json: {error.message}"
    if entry.get("$schema", "").partition("#")[0] != SCHEMA_URL:
        yield f"{NAME}.json: $schema is not the published {SCHEMA_URL}"
    if entry.get("category") not in CATEGORIES:
        yield f"{NAME}.json: the category {entry.get('category')} is not one of {sorted(CATEGORIES)}"
    address = urlsplit(entry.get("scm_url", ""))
    if address.scheme not in ("git", "https"):
        yield f"{NAME}.json: scm_url has to start with https:// or git://"
    if not address.path.rpartition("/")[2].startswith("Slicer"):
        yield f"{NAME}.json: the repository's name has to start with Slicer"
    if NAME.lower().startswith("slicer"):
        yield f"the extension's name {NAME} must not start with Slicer"
    if "\r" in text or text != json.dumps(entry, indent=2) + "\n":
        yield f"{NAME}.json: not in the index's format (two spaces, line feeds)"


def checkRootCMake(repository):
    """The index's regular expressions find name, icon and screenshots in the root CMakeLists.txt."""
    text = repository.text("CMakeLists.txt")
    projects = re.findall(r"project\s*\(\s*([^\s)]+)", text, re.IGNORECASE)
    if not projects or projects[0].strip("\"'") != NAME:
        yield f"CMakeLists.txt: the first project( is {projects[:1]}, comments included, not {NAME}"
    for field in REQUIRED_FIELDS:
        values = re.findall(rf'^set\(EXTENSION_{field} "([^"]+)"\)$', text, re.MULTILINE)
        if len(values) != 1:
            yield f"CMakeLists.txt: EXTENSION_{field} has to be set once, to one string in double quotes on one line"
        elif "${" in values[0]:
            yield f"CMakeLists.txt: EXTENSION_{field} has to be literal, without variables"
    dependencies = re.findall(r'EXTENSION_DEPENDS "([^"]+)"', text)
    declared = json.loads(repository.text(f"{NAME}.json")).get("build_dependencies", [])
    if dependencies and dependencies[0].split() != (declared or ["NA"]):
        yield f"EXTENSION_DEPENDS {dependencies[0]} and build_dependencies {declared} differ"


def checkPictures(repository):
    """Icon and screenshots are pictures of this repository, by their published addresses."""
    text = repository.text("CMakeLists.txt")
    icons = re.findall(r'set\s*\(EXTENSION_ICONURL\s*"([^"]+)"[ ]*\)', text)
    screenshots = [
        url for group in re.findall(r'set\s*\(EXTENSION_SCREENSHOTURLS\s*"([^"]+)"\)', text) for url in group.split()
    ]
    if not icons or not screenshots:
        yield "CMakeLists.txt: there is no icon, or no screenshot, that the index can find"
    base = json.loads(repository.text(f"{NAME}.json"))["scm_url"].removesuffix(".git")
    raw = base.replace("https://github.com/", "https://raw.githubusercontent.com/") + "/main/"
    for url in [*icons, *screenshots]:
        path = repository.root / url.removeprefix(raw)
        if not url.startswith(raw) or not path.is_file():
            yield f"{url} is no file of {raw}"
        elif pngSize(path) is None:
            yield f"{path.name} is no PNG picture"
        elif url in icons and pngSize(path) != ICON_SIZE:
            yield f"{path.name} has {pngSize(path)} pixels, an icon {ICON_SIZE}"


def checkLicense(repository):
    """The root has a license file of a name that the index knows, and the README names the license."""
    if not any((repository.root / name).is_file() for name in LICENSE_NAMES):
        yield f"there is none of {sorted(LICENSE_NAMES)}"
    if "Apache License 2.0" not in repository.text("README.md"):
        yield "README.md does not name the license"


def checkCloneSize(repository):
    """A clone with its whole history stays below what the index allows."""
    size = cloneBytes(repository.root)
    if size > CLONE_LIMIT_BYTES:
        yield f"a clone takes {size / 1e6:.0f} MB, allowed are {CLONE_LIMIT_BYTES / 1e6:.0f}"


def cloneBytes(root):
    """:return: bytes of the history as packed for a clone, and of the files checked out."""

    def git(*arguments, **options):
        return subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, **options).stdout

    objects = git("rev-list", "--objects", "--disk-usage", "HEAD")
    sizes = git("ls-tree", "-r", "--long", "HEAD", text=True).splitlines()
    return int(objects) + sum(int(line.split()[3]) for line in sizes)


def pngSize(path):
    """:return: (width, height) of a PNG file; None for any other."""
    head = path.read_bytes()[:24]
    return struct.unpack(">II", head[16:24]) if head.startswith(b"\x89PNG\r\n\x1a\n") else None
