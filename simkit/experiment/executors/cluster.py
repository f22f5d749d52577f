"""A Dask cluster to run cells on: one inside this process, or any that somebody else has started."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

from simkit.experiment.cells import Model
from simkit.experiment.extras import optional

CONNECT_SECONDS = 10.0
"""How long a scheduler may take to answer."""
LOCAL: dict[str, Any] = {
    "distributed.scheduler.worker-saturation": 1.0,  # what waits, waits at the scheduler
    "distributed.scheduler.worker-ttl": None,  # a suspended laptop has lost nobody
    "distributed.scheduler.http.routes": [],  # the servers that Dask starts all the same have nothing to say
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,  # threads that only wait would be sampled a hundred times a second
    "distributed.scheduler.work-stealing": False,  # there is one Dask worker: nobody to steal from
    "distributed.scheduler.active-memory-manager.start": False,  # nor anything to move
    "distributed.admin.tick.interval": "1s",  # 50 ticks a second of three servers were 3 % of a core
    "distributed.admin.system-monitor.interval": "10s",
}


class ClusterError(OSError):
    """No cluster there, or not one that these cells can run on. Commands end with exit code 7."""


class OtherCodeError(ClusterError):
    """A Dask worker with another simkit: its figures could be others."""


@contextmanager
def local(workers: int) -> Iterator[Any]:
    """A client of a scheduler and one Dask worker in this process, a thread per core; nothing is reached from outside.

    The threads only watch over worker processes (:mod:`simkit.experiment.executors.crew`), which end with this process.
    """
    distributed = optional("distributed")
    import dask

    with dask.config.set(LOCAL):
        cluster = distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=workers,
            processes=False,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )
        client = distributed.Client(cluster, set_as_default=False)
        try:
            yield client
        finally:
            client.close()
            cluster.close()


@contextmanager
def remote(address: str, seconds: float = CONNECT_SECONDS) -> Iterator[Any]:
    """A client of the scheduler at an address such as ``tcp://10.0.0.1:8786``, or of one that wrote a scheduler file.

    Raises ClusterError when none answers within so many seconds.
    """
    distributed = optional("distributed")
    with _quiet():
        try:
            where = _address(address)
            with ThreadPoolExecutor(1) as thread:  # a notebook's own thread has an event loop already
                thread.submit(asyncio.run, _answer(where, seconds)).result()
            client = distributed.Client(where, timeout=seconds, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            text = f"no Dask scheduler answered at {address} within {seconds:g} s ({_short(error)})"
            raise ClusterError(f"{text}; is it running, and is the address as it printed it?") from None
    try:
        yield client
    finally:
        with _quiet():
            client.close(timeout=2)


def _address(given: str) -> str:
    """The address itself, or the one in a file that `dask scheduler --scheduler-file` wrote."""
    if not given.endswith(".json"):
        return given
    with open(given, encoding="utf-8") as file:
        document = json.load(file)
    if not isinstance(document, dict) or not isinstance(document.get("address"), str):
        raise ValueError("not a scheduler file: it names no address")
    return str(document["address"])


async def _answer(address: str, seconds: float) -> None:
    """Return when a scheduler answers; a client alone would wait for ever for what listens and says nothing."""
    from distributed import Security
    from distributed.comm import connect

    arguments = Security().get_connection_args("client")
    async with asyncio.timeout(seconds):
        comm = await connect(address, timeout=seconds, **arguments)
    comm.abort()


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return (text[:120] + " ...") if len(text) > 120 else text or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask logs while something fails that is said in a sentence here."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@cache
def code_here() -> str:
    """The fingerprint of the code that simulates and of the packages its figures pass through, in this process."""
    from simkit.experiment.storage.address import fingerprint

    return fingerprint(Model(), "", {})


def check_code(wanted: str) -> None:
    """Raise OtherCodeError where another simkit is installed than the one that wants the figures."""
    if wanted != code_here():
        raise OtherCodeError(
            "a Dask worker has another version of simkit, or of the packages under it, than this process; "
            "install the same in both places and start the workers again"
        )
