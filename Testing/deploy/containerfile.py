"""Reads a Containerfile: its instructions, by stage."""

import json
import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Stage:
    """What is built from one FROM: (instruction, rest of the line), in their order."""

    image: str
    name: str
    instructions: list = field(default_factory=list)

    def all(self, wanted):
        return [rest for instruction, rest in self.instructions if instruction == wanted]

    def one(self, wanted):
        (rest,) = self.all(wanted)
        return rest

    def variables(self):
        """What ENV sets."""
        return dict(pair.split("=", 1) for rest in self.all("ENV") for pair in shlex.split(rest))


KNOWN = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "VOLUME"}


def read(path):
    """:return: the stages."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    stages = []
    for line in filter(None, map(str.strip, lines)):
        instruction, rest = line.split(maxsplit=1)
        assert instruction in KNOWN, line
        if instruction == "FROM":
            image, _, name = rest.partition(" AS ")
            stages.append(Stage(image, name))
        else:
            stages[-1].instructions.append((instruction, rest))
    return stages


def words(rest):
    """:return: the words of an instruction in JSON's form."""
    return json.loads(rest)
