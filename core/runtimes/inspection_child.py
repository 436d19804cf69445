"""The short-lived process that opens an uploaded file; run as a module by `inspection`.

It reads an order from its standard input and writes the reply into a file, so that whatever the
engines print does no harm.
"""

import sys
from pathlib import Path

import msgspec

from core.errors import InvalidModel
from core.runtimes import runtime_of
from core.runtimes.asked_types import TypesRefused
from core.runtimes.inspection import Order, Reply

_NESTING = 2000


def main() -> None:
    """Carry out one order."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    _limit(order)
    sys.setrecursionlimit(_NESTING)
    Path(order.reply).write_bytes(msgspec.json.encode(_carry_out(order)))


def _carry_out(order: Order) -> Reply:
    runtime = runtime_of(order.format).trusting(order.trust)
    try:
        return Reply(info=runtime.inspect(Path(order.source), Path(order.converted)))
    except TypesRefused as refusal:
        return Reply(asked=refusal.asked, instead=refusal.instead)
    except InvalidModel as refusal:
        return Reply(refusal=refusal.message)
    except MemoryError:
        return Reply(refusal=f"The file needs more than {order.memory >> 20} MiB to be opened.")
    except RecursionError:
        return Reply(refusal="The file could not be opened: its parts are nested too deep.")


def _limit(order: Order) -> None:
    """Bind this process to the order's limits, where the system knows such limits.

    What is counted is memory that can be written, not address space: a JVM reserves far more of
    the latter than it will use.
    """
    if sys.platform == "win32":
        return
    import resource

    _lower(resource.RLIMIT_DATA, order.memory)
    _lower(resource.RLIMIT_FSIZE, order.memory)
    _lower(resource.RLIMIT_CPU, int(order.seconds * 8) + 1)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (allowed, allowed))


if __name__ == "__main__":
    main()
