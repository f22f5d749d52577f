"""What all tests share: commands run in this process, and Python processes that start fast."""

import gc
import os
import signal
import sys
from functools import cache

import pytest
from typer.main import get_command

# Where the surroundings forbid bytecode, each of some hundred processes would compile the whole package anew. It is
# taken away before pytest-xdist starts its workers: a process that began with it hands it on to those it spawns.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Small matrices gain nothing from several cores, and threads that spin while they wait cost the other workers theirs.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from simkit import cli  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _interrupts_arrive():
    """Also where the whole suite runs in the background of a shell script, which has it ignore them."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def _compiled_once():
    """Where tests run in several processes and nothing is compiled yet, each begins at another end of it."""
    from simkit.simulation import warm_up

    if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
        warm_up(helper=os.environ["PYTEST_XDIST_WORKER"] != "gw0")
        gc.freeze()  # or every collection would look at the million objects of the libraries again
    gc.set_threshold(20_000, 20, 50)  # nor need they come so often: most of what there is stays to the end


@pytest.fixture(scope="session", autouse=True)
def _commands_built_once():
    """Some four hundred commands run in this process, and nothing changes their options between two of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.main.get_command", cache(get_command))
        yield


@pytest.fixture
def simkit(monkeypatch, capsys):
    """Runs a command in this process: exit code, stdout, stderr."""

    def _simkit(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["simkit", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return int(ended.value.code or 0), said.out, said.err

    return _simkit
