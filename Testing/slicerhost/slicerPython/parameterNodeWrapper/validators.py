"""What an annotation demands of a value."""

from dataclasses import dataclass


class Validator:
    """Base of annotations that check values."""

    def validate(self, value):
        """:raises ValueError: if the value will not do."""
        raise NotImplementedError


@dataclass
class WithinRange(Validator):
    """From minimum to maximum, both allowed."""

    minimum: float
    maximum: float

    def validate(self, value):
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within range [{self.minimum}, {self.maximum}], is {value}")


@dataclass
class Minimum(Validator):
    """Not below."""

    minimum: float

    def validate(self, value):
        if value < self.minimum:
            raise ValueError(f"Value must not be below {self.minimum}, is {value}")


@dataclass
class Maximum(Validator):
    """Not above."""

    maximum: float

    def validate(self, value):
        if value > self.maximum:
            raise ValueError(f"Value must not be above {self.maximum}, is {value}")


@dataclass
class Choice(Validator):
    """One of these."""

    choices: list

    def validate(self, value):
        if value not in self.choices:
            raise ValueError(f"Value must be one of {self.choices}, is {value!r}")


@dataclass
class Exclude(Validator):
    """None of these."""

    excludedValues: list

    def validate(self, value):
        if value in self.excludedValues:
            raise ValueError(f"Value must be none of {self.excludedValues}, is {value!r}")
