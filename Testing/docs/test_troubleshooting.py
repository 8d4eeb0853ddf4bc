"""Every error code of the server and the command line has its text, whatever helper makes the error."""

import ast

import pytest
from pages import errorCodes, troubleshooting

import medsamseg_server

HEAD = "from medsamseg_server.errors import ErrorKind, MedSAMSegError\n"


def codesIn(folder, text, **more):
    folder.mkdir(exist_ok=True)
    for name, content in {"one": text, **more}.items():
        (folder / f"{name}.py").write_text(HEAD + content, encoding="utf-8")
    return errorCodes.readErrorCodes(folder)


def test_everyCodeHasMeaningAndRemedy(codes):
    assert list(troubleshooting.findFaults(codes, troubleshooting.readTexts())) == []


def test_missingSurplusAndHelplessAreNamed(codes):
    texts = {"Boxes": {"box_gone": ("It is gone.", ""), "prompt_empty": ("There is nothing.", "")}}
    faults = "\n".join(troubleshooting.findFaults(codes, texts))
    assert "box_reversed has no text" in faults
    assert "box_gone is no error's code any more" in faults
    assert "prompt_empty comes without a hint" in faults


def test_everyErrorOfTheSourceIsRead(codes):
    """Another way to the same: all words beside an `ErrorKind` in a call."""
    folder = errorCodes.Path(medsamseg_server.__file__).parent
    named = set()
    for path in folder.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and any("ErrorKind." in ast.unparse(each) for each in call.args[:1]):
                named |= {each.value for each in call.args[1:2] if isinstance(each, ast.Constant)}
    assert len(named) > 100
    assert named - set(codes) == set()


@pytest.mark.parametrize(
    "text, name",
    [
        ('raise MedSAMSegError(ErrorKind.INTERNAL, "plain", "It is so.", "Do that.")', "plain"),
        ('raise MedSAMSegError(ErrorKind.INTERNAL, code="named", message="It is so.")', "named"),
        ('c = "left" if 1 else "right"\nraise MedSAMSegError(ErrorKind.INTERNAL, c, "So.")', "right"),
        ('def f(code):\n    return MedSAMSegError(ErrorKind.INTERNAL, code, "So.")\nraise f("handed")', "handed"),
        (
            "def f(code):\n    return g(code)\n\n"
            'def g(code):\n    return MedSAMSegError(ErrorKind.INTERNAL, code, "So.")\n\nf("twice")',
            "twice",
        ),
    ],
)
def test_codeIsFoundHoweverItGetsThere(tmp_path, text, name):
    found = codesIn(tmp_path / "medsamseg_server", text)
    assert name in found
    assert found[name].kinds == {"INTERNAL"}


def test_helperOfAnotherFileIsFollowed(tmp_path):
    helper = 'def f(code, message, hint="Do."):\n    return MedSAMSegError(ErrorKind.NOT_FOUND, code, message, hint)'
    user = 'from medsamseg_server.helper import f\nraise f("far", f"{1} is away.")'
    found = codesIn(tmp_path / "medsamseg_server", user, helper=helper)["far"]
    assert (found.messages, found.hints, found.kinds) == (["… is away."], ["Do."], {"NOT_FOUND"})


def test_codeThatCannotBeFollowedIsAnError(tmp_path):
    text = 'raise MedSAMSegError(ErrorKind.INTERNAL, "".join(["a", "b"]), "So.")'
    with pytest.raises(errorCodes.UnclearCodeError, match=r"one\.py:2"):
        codesIn(tmp_path / "medsamseg_server", text)
