"""Units: their French labels, their algebra, and how numbers are written."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import french
from copkit.errors import ParameterError, UnitError
from copkit.reference import parameters, units

PHYSICAL = sorted(code for code, lever in parameters.levers().items() if lever.quantity)


@pytest.mark.parametrize("lever", PHYSICAL)
def test_unit_abatement_times_quantity_is_ktco2e_a_year(lever):
    known = parameters.levers()[lever]
    units.check_product(known.unit_abatement.unit, known.quantity.unit)


def test_every_unit_of_a_lever_or_a_table_has_a_french_label():
    for lever in PHYSICAL:
        label = units.label(parameters.levers()[lever].quantity.unit)
        assert "_" not in label, label
    assert units.label("millier_vehicules") == "milliers de véhicules"
    assert units.label("L_par_100km") == "L/100 km"
    assert units.label("unité jamais vue") == "unité jamais vue"


def test_comments_and_titles_of_the_units_file_are_no_units():
    assert all(name.isidentifier() for name in units.labels())
    assert "ktCO2e" in units.labels()


def test_product_of_another_dimension_is_refused(says):
    with pytest.raises(UnitError) as refused:
        units.check_product("ktCO2e/an/millier_km", "TWh_par_an")
    says(refused.value, "« ktCO2e/an/millier_km » × « TWh_par_an » ne donne pas des ktCO2e/an", "obtenu")


def test_product_that_forgets_the_year_is_refused(says):
    with pytest.raises(UnitError) as refused:
        units.check_product("ktCO2e/millier_km", "millier_km")
    says(refused.value, "ne donne pas des ktCO2e/an")


def test_product_of_another_size_is_refused(says):
    with pytest.raises(UnitError) as refused:
        units.check_product("MtCO2e/an/millier_km", "millier_km")
    says(refused.value, "« MtCO2e/an/millier_km » × « millier_km » donne 1000 ktCO2e/an, et non 1")


def test_product_of_an_unknown_unit_is_refused(says):
    with pytest.raises(UnitError) as refused:
        units.check_product("ktCO2e/an/brasse", "brasse")
    says(refused.value, "unité inconnue", "brasse")


def test_unknown_part_of_a_unit_is_named_with_its_likely_spelling(says):
    says(units.unknown("ktCO2e/an/milier_km"), "unité inconnue « milier_km ».", "Vouliez-vous dire « millier_km » ?")
    assert units.unknown("ktCO2e/an/millier_km") is None
    assert "brasse" in units.unknown("brasse")


def test_absent_units_file_is_an_error_of_the_kit(damaged, says):
    damaged.delete("parameters/units.txt")
    with pytest.raises(ParameterError) as refused:
        units.labels()
    says(refused.value, "parameters/units.txt : fichier absent. Le rétablir depuis le dépôt de copkit.")


def test_pint_is_not_loaded_to_read_parameters_and_territories():
    asked = "import sys, copkit as ck; ck.territories(); ck.levers(); ck.keys(); sys.exit('pint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


# ------------------------------------------------------------------ numbers in French


@given(st.floats(-1e12, 1e12), st.integers(0, 4))
def test_written_number_reads_back_to_half_of_its_last_digit(value, decimals):
    text = french.number(value, decimals)
    back = float(text.replace(french.NARROW, "").replace(",", ".").replace("−", "-"))
    assert abs(back - value) <= 0.5 * 10**-decimals + 1e-9 * abs(value)
    assert "-" not in text and " " not in text and "." not in text
    assert not text.startswith("−") or back < 0


@given(st.floats(-1e9, 1e9) | st.none() | st.just(math.nan))
def test_unknown_is_never_written_as_a_number_nor_zero_as_unknown(value):
    unknown = value is None or math.isnan(value)
    for write in (french.number, french.quantity, french.signed, french.percent):
        assert (write(value) == "n.d.") == unknown


def test_number_is_rounded_once_from_full_precision():
    assert french.number(60.4879, 0) == "60"
    assert french.number(0.049, 1) == "0,0"
    assert french.number(-0.04, 1) == "0,0"


@given(st.text(max_size=30))
def test_plain_name_is_stable(text):
    assert french.plain(french.plain(text)) == french.plain(text)
