"""Numba's CPU target while the day is compiled: machine code of loops and of what is compiled apart, of nothing else.

This reaches into Numba where it has no switch, so the versions it was tried with are bounded in `pyproject.toml`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from numba.core import ir, types
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.core.targetconfig import TargetConfig

from simkit.customers.apart import APART

BLOCK = "_block"
"""Ends the name of a loop that Python calls."""


class KeyedCache(FunctionCache):
    """Numba's cache of one function, which notices whatever its key says instead of the function's own text."""

    def __init__(self, function: Any, key: tuple[int, ...]):
        super().__init__(function)
        self._key = key

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What is kept for a signature, or None. Numba's own first has everything that can be compiled told to its
        compiler, which takes a third of a second and is only needed when there is something to compile."""
        rtsys.initialize(target_context)  # counts references to arrays that come from Python
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return self._key, codegen.magic_tuple()


class _Library(JITCodeLibrary):
    """A function's code, on its way into the one that calls it: no machine code and no optimizing of its own."""

    inner = False

    def _optimize_final_module(self) -> None:
        if not self.inner:
            super()._optimize_final_module()

    def _finalize_final_module(self) -> None:
        if self.inner:
            self._finalize_dynamic_globals()
            self._finalized = True
        else:
            super()._finalize_final_module()


@contextmanager
def one_library() -> Iterator[None]:
    """While this lasts, Numba makes machine code of loops and of what is compiled apart, not of each function in them.

    A function called from compiled code is linked and optimized there; that Numba beforehand wraps, optimizes and
    translates it alone as well, for calls from Python that never come, takes near half of the time. There is no
    switch for that, so this replaces parts of Numba's CPU target for a while, under its own compiler lock;
    that they come out the same shows in the tests that hold it against Mesa. Nothing may be compiled here
    that Python calls.
    """
    with global_compiler_lock, _replaced():
        yield


@contextmanager
def _replaced() -> Iterator[None]:
    """The parts of Numba's CPU target that stand in the way, replaced; only one thread may do so at a time."""
    context = cpu_target.target_context
    codegen = context.codegen()
    executable, wrapper, set_env = context.get_executable, context.create_cpython_wrapper, codegen.set_env

    def get_executable(library: Any, description: Any, environment: Any) -> Any:
        if description.qualname.endswith(BLOCK):
            return executable(library, description, environment)
        library.inner = not description.qualname.endswith(APART)
        return [].append  # Numba wants a built-in function of its own for each; nobody calls it

    def create_cpython_wrapper(library: Any, description: Any, *more: Any, **named: Any) -> None:
        if description.qualname.endswith(BLOCK):
            wrapper(library, description, *more, **named)

    def set_environment(name: str, environment: Any) -> None:
        if codegen._engine.get_global_value_address(name):  # where there is no machine code there is no place for it
            set_env(name, environment)

    def nothing(*_: Any) -> None:
        """No function is called from C."""

    collecting = gc.isenabled()
    with ExitStack() as given_back:
        for owner, name, value in (
            (codegen, "_library_class", _Library),
            (codegen, "set_env", set_environment),
            (context, "get_executable", get_executable),
            (context, "create_cpython_wrapper", create_cpython_wrapper),
            (context, "create_cfunc_wrapper", nothing),
            (types.Record, "__repr__", lambda record: f"Record of {len(record.fields)} fields"),  # written often
            (TargetConfig, "values", _values),
            (ir.Inst, "_rec_list_vars", _variables),
        ):
            given_back.callback(_put_back, owner, name, vars(owner).get(name, _put_back))
            setattr(owner, name, value)
        gc.disable()  # a compiler makes millions of small objects and hardly a cycle
        try:
            yield
        finally:
            if collecting:
                gc.enable()


def _values(config: TargetConfig) -> dict[str, Any]:
    """What Numba's own says, without a call for each option: asked for with every function that is looked up."""
    known = config._values.get
    return {name: known(name, option.default) for name, option in type(config).options.items()}


_WITHOUT_VARIABLES = frozenset((ir.Loc, str, int, float, bool, type(None)))


def _variables(instruction: ir.Inst, value: Any) -> list[ir.Var]:
    """What Numba's own says, looking at types first: asked for with every instruction, several times."""
    kind = type(value)
    if kind is ir.Var:
        return [value]
    if kind in _WITHOUT_VARIABLES:
        return []
    if kind in (dict, list, tuple):
        parts = value.values() if kind is dict else value
        return [variable for part in parts for variable in _variables(instruction, part)]
    return value.list_vars() if isinstance(value, ir.Inst) else []


def _put_back(owner: Any, name: str, value: Any) -> None:
    """Give an attribute its old value, or take it away where there was none."""
    if value is _put_back:
        delattr(owner, name)
    else:
        setattr(owner, name, value)
