"""Packages that only some experiments need."""

import pytest

from simkit.experiment.extras import MissingExtraError, optional


def test_a_missing_package_names_its_extra():
    """What to install is said; an installed package comes as it is."""
    with pytest.raises(MissingExtraError, match=r"simkit\[experiments\]"):
        optional("no_such_package.part")
    assert optional("json.decoder").JSONDecoder
