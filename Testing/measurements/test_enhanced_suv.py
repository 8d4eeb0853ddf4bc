"""SUV of enhanced PET files of several frames, with known answers, and why there is none."""

import sys
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes

sys.path.append(str(Path(__file__).parents[1] / "cli"))
from phantom_writing import ENHANCED_PET, enhanced, item, save, slice_position

from medsamseg_server.cli.segment_measures import measure_all
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.measurements.suv import suv_scale

HALF_LIFE, DOSE_MBQ, WEIGHT = 6600.0, 370.0, 70.0
#: Of the stored values 1000 of each frame, which lie in the file from the top down.
SLOPES = (4.0, 2.0, 0.5)
#: Two half-lives, 3 h 40 min, are between injection and decay correction: a quarter of the dose is left.
INJECTED, CORRECTED = "20260102062000", "20260102100000.000"
FACTOR = WEIGHT * 1000 / (DOSE_MBQ * 1e6 / 4)


def mapping(unit, slope, intercept=0.0):
    """An item that says what stored values mean, as highdicom writes it."""
    coded = highdicom.sr.CodedConcept(unit.value, unit.scheme_designator, unit.meaning)
    return highdicom.pm.RealWorldValueMapping("RWV", "Values", coded, (0, 32767), slope, intercept)


def agent(number=1, **values):
    given = item(
        RadiopharmaceuticalAgentNumber=number,
        RadionuclideTotalDose=DOSE_MBQ,
        RadionuclideHalfLife=HALF_LIFE,
        RadiopharmaceuticalStartDateTime=INJECTED,
    )[0]
    for keyword, value in values.items():
        setattr(given, keyword, value)
    return given


def scan(folder, change=None, unit=codes.UCUM.BecquerelsPerMilliliter, times=1.0):
    """A file of three frames; its real values are the rescaled ones, `times` so much."""

    def groups(n):
        rescale = item(RescaleSlope=SLOPES[n], RescaleIntercept=0, RescaleType="US")
        return {
            "PixelValueTransformationSequence": rescale,
            "RealWorldValueMappingSequence": Sequence([mapping(unit, SLOPES[n] * times)]),
            "RadiopharmaceuticalUsageSequence": item(RadiopharmaceuticalAgentNumber=1),
        }

    positions = [slice_position(k) for k in (2, 1, 0)]
    ds = enhanced(np.full((3, 6, 7), 1000, np.int16), positions, sop_class=ENHANCED_PET, modality="PT", groups=groups)
    ds.DecayCorrected = ds.AttenuationCorrected = "YES"
    ds.DecayCorrectionDateTime, ds.PatientWeight = CORRECTED, WEIGHT
    ds.RadiopharmaceuticalInformationSequence = Sequence([agent()])
    if change is not None:
        change(ds)
    return read_image(save(ds, folder / "pet.dcm"))


def setting(**values):
    return lambda ds: [setattr(ds, keyword, value) for keyword, value in values.items()]


def without(keyword):
    def change(ds):
        for place in (ds, ds.RadiopharmaceuticalInformationSequence[0], *ds.PerFrameFunctionalGroupsSequence):
            if keyword in place:
                delattr(place, keyword)

    return change


def given(**values):
    return setting(RadiopharmaceuticalInformationSequence=Sequence([agent(**values)]))


def two_agents(ds):
    ds.RadiopharmaceuticalInformationSequence.insert(0, agent(2, RadionuclideTotalDose=1.0))


def both_used(ds):
    two_agents(ds)
    for frame in ds.PerFrameFunctionalGroupsSequence:
        frame.RadiopharmaceuticalUsageSequence.append(item(RadiopharmaceuticalAgentNumber=2)[0])


def mapped(*mappings):
    def change(ds):
        for frame in ds.PerFrameFunctionalGroupsSequence:
            frame.RealWorldValueMappingSequence = Sequence(mappings)

    return change


def shared_usage(ds):
    for frame in ds.PerFrameFunctionalGroupsSequence:
        del frame.RadiopharmaceuticalUsageSequence
    ds.SharedFunctionalGroupsSequence[0].RadiopharmaceuticalUsageSequence = item(RadiopharmaceuticalAgentNumber=1)
    two_agents(ds)


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        (None, FACTOR),
        # Corrected to the injection, when nothing had decayed.
        (setting(DecayCorrectionDateTime=INJECTED), WEIGHT * 1000 / (DOSE_MBQ * 1e6)),
        # Over midnight, which dates with times tell.
        (given(RadiopharmaceuticalStartDateTime="20260101230000"), FACTOR / 4 * 2 ** (11 * 3600 / HALF_LIFE)),
        (two_agents, FACTOR),
        (shared_usage, FACTOR),
        (without("RadiopharmaceuticalUsageSequence"), FACTOR),
        (given(RadiopharmaceuticalStartDateTime=f"{INJECTED}.5+0100"), None),
    ],
)
def test_factor_is_what_the_standard_says(tmp_path, change, factor):
    found = suv_scale(scan(tmp_path, change).source)
    if factor is None:
        assert "different time zones" in found.reason
    else:
        assert (found.factor, found.reason) == (pytest.approx(factor, rel=1e-6), "")


def test_real_values_may_be_another_multiple_of_the_stored_ones(tmp_path):
    assert suv_scale(scan(tmp_path, times=3.0).source).factor == pytest.approx(3 * FACTOR)


SUV, LEAN = (
    next(code for code in codes.cid85.concepts.values() if code.value == value)
    for value in ("g/ml{SUVbw}", "g/ml{SUVlbm}")
)


def test_suv_that_the_file_has_is_taken_and_needs_no_dose(tmp_path):
    image = scan(tmp_path, without("PatientWeight"), SUV, 0.001)
    assert suv_scale(image.source).factor == pytest.approx(0.001)


def test_of_several_meanings_suv_by_weight_goes_first(tmp_path):
    def change(ds):
        for frame, slope in zip(ds.PerFrameFunctionalGroupsSequence, SLOPES, strict=True):
            frame.RealWorldValueMappingSequence.append(mapping(SUV, slope * 0.002))

    assert suv_scale(scan(tmp_path, change).source).factor == pytest.approx(0.002)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("PatientWeight"), "Patient's Weight (0010,1030) is missing or 0"),
        (without("RadionuclideTotalDose"), "Radionuclide Total Dose (0018,1074) is missing or 0"),
        (given(RadionuclideTotalDose=370e6), "has to be in MBq, is 3.7e+08, more than anybody is given"),
        (without("RadionuclideHalfLife"), "Radionuclide Half Life (0018,1075) is missing or 0"),
        (without("RadiopharmaceuticalStartDateTime"), "Radiopharmaceutical Start DateTime (0018,1078) is missing"),
        (given(RadiopharmaceuticalStartDateTime="20260102"), "(0018,1078) is '20260102', without the time of day"),
        (given(RadiopharmaceuticalStartDateTime="20260102110000"), "the injection is later than the time that they"),
        (without("DecayCorrectionDateTime"), "Decay Correction DateTime (0018,9701) is missing"),
        (setting(DecayCorrectionDateTime="20260231100000"), "one of their dates and times cannot be read"),
        (setting(DecayCorrected="NO"), "Decay Corrected (0018,9758) is 'NO', not YES"),
        (without("AttenuationCorrected"), "Attenuation Corrected (0018,9759) is '', not YES"),
        (without("RadiopharmaceuticalInformationSequence"), "(0054,0016) has nothing of what was given"),
        (given(number=3), "(0054,0016) has nothing of what was given"),
        (both_used, "2 radiopharmaceuticals were given"),
        (without("RealWorldValueMappingSequence"), "the unit of their Real World Value Mapping (0040,9096) is missing"),
        (mapped(mapping(LEAN, 1.0)), "is 'g/ml{SUVlbm}', not Bq/ml or SUV by weight"),
        (mapped(mapping(codes.UCUM.BecquerelsPerMilliliter, 1.0, 5.0)), "is no multiple of Rescale Slope"),
        (mapped(mapping(codes.UCUM.BecquerelsPerMilliliter, 1.0)), "they differ in weight, dose or scale"),
    ],
)
def test_why_there_is_none(tmp_path, change, words):
    found = suv_scale(scan(tmp_path, change).source)
    assert found.factor is None
    assert found.reason.startswith("No SUV is known of the images: ")
    assert words in found.reason


def test_an_object_has_the_values_of_its_slices(tmp_path):
    image = scan(tmp_path)
    mask = np.zeros((3, 6, 7), np.uint8)
    mask[:2, 2, 3] = 1
    measured, notes = measure_all(image, 0, {"A": mask})
    values = np.array(SLOPES[:2]) * 1000 * FACTOR
    found = measured["A"].suv
    assert (found.mean, found.minimum, found.maximum) == pytest.approx((values.mean(), values.min(), values.max()))
    assert notes == []


def test_the_file_is_what_others_read(tmp_path):
    scan(tmp_path)
    ds = pydicom.dcmread(tmp_path / "pet.dcm")
    assert (ds.SOPClassUID.name, ds.NumberOfFrames) == ("Enhanced PET Image Storage", 3)
    volume = highdicom.imread(tmp_path / "pet.dcm").get_volume(apply_real_world_transform=True)
    assert sorted(set(volume.array.ravel())) == [500.0, 2000.0, 4000.0]
