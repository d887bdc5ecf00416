"""Asking for memory before it is needed, where a compiled routine walks it in no order.

Writing a row somewhere in gigabytes waits for the memory, not for the arithmetic; the place of a
row some steps ahead is known, and a hint costs nothing. Part of what `features.compiled` compiles.
"""

# mypy: disable-error-code="import-untyped, import-not-found, untyped-decorator"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

#: How many steps ahead: long enough to cover the wait, few enough to stay in the cache.
AHEAD = 16


@intrinsic
def prefetch(_context: Any, array: Any, _index: Any, _offset: Any) -> Any:
    """`prefetch(array, i, b)`: a hint that `array[i]`, from its byte `b` on, is written soon."""
    signature = types.void(array, types.intp, types.intp)
    return signature, _generate


def _generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    data = context.make_array(signature.args[0])(context, builder, arguments[0])
    step = cgutils.unpack_tuple(builder, data.strides)[0]
    start = builder.ptrtoint(data.data, step.type)
    address = builder.add(start, builder.add(builder.mul(arguments[1], step), arguments[2]))
    byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
    hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    # For writing, to be kept in all levels of the cache, data.
    builder.call(hint, [builder.inttoptr(address, byte), word(1), word(3), word(1)])
    return context.get_dummy_value()
