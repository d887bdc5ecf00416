"""Bits of a number, by the processor's own instructions; `features.compiled` compiles them."""

# mypy: disable-error-code="import-untyped, import-not-found, untyped-decorator"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic


@intrinsic
def lowest_bit(_context: Any, _number: Any) -> Any:
    """Which is the lowest bit set of an unsigned number of 64 bits; undefined for 0."""
    return types.uint64(types.uint64), _generate


def _generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
    return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))
