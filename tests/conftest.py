"""What all tests share: the Python processes that tests start keep their bytecode, so that each starts faster."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _bytecode_of_children():
    """Where the surroundings forbid it, each of some hundred processes would compile the whole package anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield
