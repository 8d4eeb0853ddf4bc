"""SUV of small PET scans with known answers, by the kinds of scanners, and why there is none."""

import math
import sys
from pathlib import Path

import highdicom
import numpy as np
import pytest
from pydicom.sr.codedict import codes

sys.path.append(str(Path(__file__).parents[1] / "cli"))
from phantom_writing import PET, item, write_slices

from medsamseg_server.cli.segment_measures import measure_all
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.measurements.dicom_report import Reported, write_report
from medsamseg_server.measurements.suv import suv_scale

HALF_LIFE, DOSE, WEIGHT = 6586.2, 370e6, 70.0
#: Of the values of the phantom: stored 1000 with a slope of its own on each slice.
SLOPES = (0.5, 2.0, 4.0)
#: Two half-lives are between injection and scan: a quarter of the dose is left.
FACTOR = WEIGHT * 1000 / (DOSE / 4)


def scan(folder, change=None):
    """A scan of 10:00 to 10:10, injected two half-lives before, in Bq/ml, decay corrected to the start."""

    def make(ds, k):
        injected = 10 * 3600 - 2 * HALF_LIFE
        start = f"{int(injected // 3600):02}{int(injected // 60 % 60):02}{injected % 60:06.3f}"
        ds.Units, ds.CorrectedImage, ds.DecayCorrection = "BQML", ["NORM", "ATTN", "DECY"], "START"
        ds.PatientWeight = WEIGHT
        ds.SeriesDate = ds.AcquisitionDate = "20260102"
        ds.SeriesTime, ds.AcquisitionTime = "100000", f"10{5 * k:02}00"
        ds.RadiopharmaceuticalInformationSequence = item(
            RadionuclideTotalDose=DOSE, RadionuclideHalfLife=HALF_LIFE, RadiopharmaceuticalStartTime=start
        )
        ds.RescaleSlope, ds.RescaleIntercept = SLOPES[k], 0
        if change is not None:
            change(ds, k)

    paths = write_slices(folder, np.full((3, 6, 7), 1000, np.int16), change=make, sop_class=PET, modality="PT")
    return read_image(paths[0].parent)


def given(ds):
    return ds.RadiopharmaceuticalInformationSequence[0]


def private(group, creator, element, value, vr):
    def change(ds, k):
        if group == 0x7053:
            ds.Units = "CNTS"
        else:
            # Made anew in the evening.
            ds.SeriesTime = "200000"
        ds.private_block(group, creator, create=True).add_new(element, vr, value)

    return change


def setting(**values):
    def change(ds, k):
        for keyword, value in values.items():
            setattr(ds, keyword, value)

    return change


def drug(**values):
    def change(ds, k):
        for keyword, value in values.items():
            setattr(given(ds), keyword, value)

    return change


def without(*keywords):
    def change(ds, k):
        for keyword in keywords:
            for place in (ds, given(ds)):
                if keyword in place:
                    delattr(place, keyword)

    return change


PHILIPS = "Philips PET Private Group"


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        (None, FACTOR),
        # Values of the time of injection, whose dose had not decayed.
        (setting(DecayCorrection="ADMIN"), WEIGHT * 1000 / DOSE),
        (setting(Units="GML"), 1.0),
        (setting(Units="GML", SUVType="BW"), 1.0),
        (private(0x7053, PHILIPS, 0x00, "0.0005", "DS"), 0.0005),
        (private(0x7053, PHILIPS, 0x09, "1.5", "DS"), 1.5 * FACTOR),
        # Series time of the processing: GE says when the scan began, others when the first image was acquired.
        (private(0x0009, "GEMS_PETD_01", 0x0D, "20260102100000.00", "DT"), FACTOR),
        (setting(SeriesTime="200000"), FACTOR),
        (setting(SeriesDate="20260103", SeriesTime="080000"), FACTOR),
        (drug(RadiopharmaceuticalStartDateTime="20260102100000"), WEIGHT * 1000 / DOSE),
        # Without its date, a time after the scan's is one of the day before.
        (drug(RadiopharmaceuticalStartTime="220000"), WEIGHT * 1000 / (DOSE * 2 ** (-12 * 3600 / HALF_LIFE))),
        (setting(CorrectedImage=["ATTN", "DECAY"]), FACTOR),
    ],
)
def test_factor_is_what_the_rules_say(tmp_path, change, factor):
    found = suv_scale(scan(tmp_path, change).source)
    assert (found.factor, found.reason) == (pytest.approx(factor, rel=1e-6), "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("PatientWeight"), "Patient's Weight (0010,1030) is missing or 0"),
        (setting(PatientWeight="0"), "Patient's Weight (0010,1030) is missing or 0"),
        (without("RadionuclideTotalDose"), "Radionuclide Total Dose (0018,1074) is missing or 0"),
        (without("RadionuclideHalfLife"), "Radionuclide Half Life (0018,1075) is missing or 0"),
        (without("RadiopharmaceuticalStartTime"), "Radiopharmaceutical Start Time (0018,1072) is missing"),
        (setting(DecayCorrection="NONE"), "their Decay Correction (0054,1102) is 'NONE', not START or ADMIN"),
        (setting(CorrectedImage=["DECY"]), "Corrected Image (0028,0051) lacks ATTN"),
        (without("CorrectedImage"), "Corrected Image (0028,0051) lacks ATTN and DECY"),
        (setting(Units="CNTS"), "are CNTS, without the scale factors"),
        (setting(Units="PROPCPS"), "their Units (0054,1001) are 'PROPCPS', not BQML, CNTS or GML"),
        (setting(Units="GML", SUVType="LBM"), "SUV by LBM"),
        (drug(RadiopharmaceuticalStartDateTime="20260102100001"), "the injection is later than the scan"),
        (without("AcquisitionTime"), "AcquisitionTime is missing"),
        (setting(AcquisitionDate="20260231"), "one of their dates and times cannot be read"),
        (lambda ds, k: setattr(ds, "PatientWeight", 70 + k), "they differ in weight, dose or scale"),
        (without("RadiopharmaceuticalInformationSequence"), "Radionuclide Total Dose"),
    ],
)
def test_why_there_is_none(tmp_path, change, words):
    found = suv_scale(scan(tmp_path, change).source)
    assert found.factor is None
    assert found.reason.startswith("No SUV is known of the images: ")
    assert words in found.reason


def test_other_scans_have_none_and_need_no_reason(tmp_path):
    paths = write_slices(tmp_path, np.zeros((3, 6, 7), np.int16))
    assert suv_scale(read_image(paths[0].parent).source) is None
    assert suv_scale(None) is None


def test_an_object_has_the_values_of_its_slices(tmp_path):
    image = scan(tmp_path)
    mask = np.zeros((3, 6, 7), np.uint8)
    mask[:, 2, 3] = 1
    measured, notes = measure_all(image, 0, {"A": mask})
    values = np.array(SLOPES) * 1000 * FACTOR
    found = measured["A"].suv
    assert (found.mean, found.minimum, found.maximum) == pytest.approx((values.mean(), values.min(), values.max()))
    assert found.sd == pytest.approx(values.std(ddof=1))
    assert notes == []
    assert math.isclose(measured["A"].intensities.maximum, 4000)


def test_the_report_has_it_by_code(tmp_path):
    def change(ds, k):
        ds.StudyID, ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "7", "20260102", "101112", "A1"
        ds.PatientBirthDate, ds.PatientSex = "19500102", "O"

    image = scan(tmp_path / "scan", change)
    mask = np.zeros((3, 6, 7), np.uint8)
    mask[1:, 2:4, 3:5] = 1
    measured = measure_all(image, 0, {"A": mask})[0]["A"]
    write_report(tmp_path / "out.sr.dcm", [Reported(Segment("A", mask), measured)], image.source, None)
    report = highdicom.sr.srread(tmp_path / "out.sr.dcm")
    (group,) = report.content.get_image_measurement_groups()
    found = group.get_measurements(codes.DCM.Suvbw)
    assert {each.unit.value for each in found} == {"g/ml{SUVbw}"}
    assert {each.derivation.meaning: each.value for each in found} == {
        "Mean": pytest.approx(3000 * FACTOR),
        "Standard Deviation": pytest.approx(measured.suv.sd),
        "Minimum": pytest.approx(2000 * FACTOR),
        "Maximum": pytest.approx(4000 * FACTOR),
    }


def test_what_is_not_known_is_said_with_the_measurements(tmp_path):
    measured, notes = measure_all(scan(tmp_path, without("PatientWeight")), 0, {"A": np.ones((3, 6, 7), np.uint8)})
    assert measured["A"].suv is None
    assert len(notes) == 1
