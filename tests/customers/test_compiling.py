"""A phase is one compiled loop: its cache key holds every source, and Numba is left as it was found."""

import gc
import shutil
import threading
from pathlib import Path

import numba
from numba.core.registry import cpu_target

from simkit.customers import compiling, day, rules


def test_editing_the_rulebook_changes_the_fingerprint(monkeypatch, tmp_path):
    """The cache's key holds every source the compiled day is made of."""
    chosen = day.day_rules()
    before = compiling.fingerprint(chosen)
    copy = shutil.copytree(Path(rules.__file__).parent, tmp_path / "rules")
    monkeypatch.setattr(rules, "__file__", str(copy / "__init__.py"))
    assert compiling.fingerprint(chosen) == before
    with (copy / "laws.py").open("a") as file:
        file.write("# edited\n")
    assert compiling.fingerprint(chosen) != before


def test_numba_compiles_as_ever_outside_a_phase():
    """What `one_library` replaces in Numba's CPU target is given back, also after an error."""
    context = cpu_target.target_context
    library, executable = context.codegen()._library_class, context.get_executable
    try:
        with compiling.one_library():
            raise KeyError
    except KeyError:
        pass
    assert context.codegen()._library_class is library
    assert context.get_executable == executable

    @numba.njit
    def tenfold(x: int) -> int:
        return 10 * x

    @numba.njit
    def hundredfold(x: int) -> int:
        return tenfold(tenfold(x))

    assert hundredfold(3) == 300
    assert tenfold(3) == 30


def test_two_threads_that_compile_leave_numba_as_it_was():
    """The second waits for the first, and takes nothing that the first has replaced for Numba's own."""
    context = cpu_target.target_context
    library, executable = context.codegen()._library_class, context.get_executable
    inside, seen = threading.Event(), []

    def second():
        inside.wait(10)
        with compiling.one_library():
            seen.append(context.get_executable)

    other = threading.Thread(target=second)
    other.start()
    with compiling.one_library():
        inside.set()
        other.join(0.2)  # it is waiting now
        assert seen == []
    other.join(10)
    assert len(seen) == 1
    assert gc.isenabled()
    assert context.codegen()._library_class is library
    assert context.get_executable == executable
