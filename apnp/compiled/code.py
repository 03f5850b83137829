"""Loops over rows of numbers, written in Python and compiled for this processor.

What torch's own operators leave between them, a field written to memory and read again,
a loop that keeps its numbers in registers does not need. A `Code` is such a loop while
it is written: indices and vectors are Python objects whose operators add instructions
to it. `compiled` makes it a function that `ctypes` calls, without Python's lock.

LLVM translates it: https://llvm.org/docs/LangRef.html. A vector of more numbers than a
register holds takes several registers.
"""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import torch
from llvmlite import ir

_INDEX, _POINTER, _BIT = ir.IntType(64), ir.PointerType(), ir.IntType(1)
_SHORT = ir.IntType(32)


class Processor(NamedTuple):
    """What code is compiled for.

    Attributes:
        bits: Width of a vector register.
        registers: Number of such registers.
    """

    bits: int
    registers: int


@cache
def processor() -> Processor:
    """The local processor."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return Processor(512, 32)
    if features.get("avx"):
        return Processor(256, 16)
    return Processor(128, 32)


def lanes(dtype: torch.dtype) -> int:
    """Numbers that one register holds."""
    return processor().bits // (8 * dtype.itemsize)


def many_registers() -> bool:
    """Whether loops may hold sixteen sums and more in registers."""
    return processor().registers > 16


class Index:
    """A whole number of the code: a count, a row or a place in memory."""

    def __init__(self, code: "Code", value: ir.Value) -> None:
        self.code, self.value = code, value

    def __add__(self, other: "Index | int") -> "Index":
        return self._with("add", other)

    def __sub__(self, other: "Index | int") -> "Index":
        return self._with("sub", other)

    def __mul__(self, other: "Index | int") -> "Index":
        return self._with("mul", other)

    def __floordiv__(self, other: "Index | int") -> "Index":
        return self._with("sdiv", other)

    def __mod__(self, other: "Index | int") -> "Index":
        return self._with("srem", other)

    __radd__, __rmul__ = __add__, __mul__

    def up_to(self, most: "Index | int") -> "Index":
        """The smaller of both."""
        other = self.code.index(most)
        less = self.code.builder.icmp_signed("<", self.value, other.value)
        return Index(self.code, self.code.builder.select(less, self.value, other.value))

    def below(self, other: "Index | int") -> ir.Value:
        """Whether this is the smaller one."""
        theirs = self.code.index(other).value
        return self.code.builder.icmp_signed("<", self.value, theirs)

    def where(self, bit: ir.Value, other: "Index | int") -> "Index":
        """This if the bit is set, else the other."""
        theirs = self.code.index(other).value
        return Index(self.code, self.code.builder.select(bit, self.value, theirs))

    def _with(self, operation: str, other: "Index | int") -> "Index":
        theirs = self.code.index(other).value
        made = getattr(self.code.builder, operation)(self.value, theirs)
        return Index(self.code, made)


class Vector:
    """Some numbers of the code, one a lane."""

    def __init__(self, code: "Code", value: ir.Value) -> None:
        self.code, self.value = code, value

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.code, self.code.builder.fadd(self.value, other.value))

    def __sub__(self, other: "Vector") -> "Vector":
        return Vector(self.code, self.code.builder.fsub(self.value, other.value))

    def __mul__(self, other: "Vector") -> "Vector":
        return Vector(self.code, self.code.builder.fmul(self.value, other.value))

    def __truediv__(self, other: "Vector") -> "Vector":
        return Vector(self.code, self.code.builder.fdiv(self.value, other.value))

    def plus(self, a: "Vector", b: "Vector") -> "Vector":
        """This and the product of two, rounded once."""
        return self.code.call("fma", a, b, self)

    def root(self) -> "Vector":
        """Square roots."""
        return self.code.call("sqrt", self)

    def positive(self) -> ir.Value:
        """Lanes above zero."""
        zero = self.code.zero.value
        return self.code.builder.fcmp_ordered(">", self.value, zero)

    def where(self, bits: ir.Value, other: "Vector") -> "Vector":
        """This in lanes whose bit is set, the other elsewhere."""
        chosen = self.code.builder.select(bits, self.value, other.value)
        return Vector(self.code, chosen)

    def among(self, bits: ir.Value) -> "Vector":
        """This in lanes whose bit is set, zero elsewhere; all of it without bits."""
        return self if bits is None else self.where(bits, self.code.zero)

    def pairs(self, other: "Vector") -> "Vector":
        """Sums of neighbouring lanes, first of this, then of the other."""
        n, builder = self.code.lanes, self.code.builder

        def lane(first: int) -> ir.Value:
            places = [ir.Constant(_SHORT, i) for i in range(first, 2 * n, 2)]
            mask = ir.Constant(ir.VectorType(_SHORT, n), places)
            return builder.shuffle_vector(self.value, other.value, mask)

        return Vector(self.code, builder.fadd(lane(0), lane(1)))


class Loop:
    """One turn of a loop.

    Attributes:
        at: Its index.
        values: Vectors that one turn hands to the next; after the loop those that the
            last one left.
    """

    def __init__(self, at: Index, values: Sequence[Vector]) -> None:
        self.at, self.values = at, list(values)


class Code:
    """A function while it is written.

    Attributes:
        builder: Where the next instruction goes.
        lanes: Numbers of a vector.
        tensors: Arguments that point to numbers.
        sizes: Arguments that are whole numbers, after the tensors.
        numbers: The last arguments, the same in every lane.
        zero: The constant zero in all lanes.
        one: The constant one in all lanes.

    Args:
        name: Of the function.
        tensors: Names of the arguments that point to numbers.
        sizes: Names of the whole numbers.
        dtype: Type of the numbers.
        lanes: Numbers of a vector.
        numbers: Names of its last arguments.
    """

    def __init__(
        self, name: str, tensors: Sequence[str], sizes: Sequence[str],
        dtype: torch.dtype, lanes: int, numbers: Sequence[str] = (),
    ) -> None:  # fmt: skip
        kinds = {torch.float32: ir.FloatType(), torch.float64: ir.DoubleType()}
        self.lanes, self._size = lanes, dtype.itemsize
        self._number = kinds[dtype]
        self._vector = ir.VectorType(self._number, lanes)
        self._mask = ir.VectorType(_BIT, lanes)
        self._kind = f"v{lanes}f{8 * dtype.itemsize}"
        self.module = ir.Module(name)
        types = [_POINTER] * len(tensors) + [_INDEX] * len(sizes)
        types += [ir.DoubleType()] * len(numbers)
        kind = ir.FunctionType(ir.VoidType(), types)
        self._function = ir.Function(self.module, kind, name)
        self.builder = ir.IRBuilder(self._function.append_basic_block())
        arguments = iter(self._function.args)
        self.tensors = [next(arguments) for _ in tensors]
        for tensor in self.tensors:
            tensor.add_attribute("noalias")
        self.sizes = [Index(self, next(arguments)) for _ in sizes]
        self.numbers = [self._everywhere(next(arguments)) for _ in numbers]
        self.zero, self.one = (
            Vector(self, ir.Constant(self._vector, [x] * lanes)) for x in (0.0, 1.0)
        )

    def index(self, n: Index | int) -> Index:
        """A whole number as one of the code."""
        return n if isinstance(n, Index) else Index(self, ir.Constant(_INDEX, n))

    def number(self, n: Index) -> Vector:
        """A whole number, in every lane."""
        return self._everywhere(self.builder.sitofp(n.value, ir.DoubleType()))

    @contextmanager
    def loop(
        self, start: Index | int, stop: Index | int, step: Index | int = 1,
        values: Sequence[Vector] = (),
    ) -> Iterator[Loop]:  # fmt: skip
        """Repeat what is written within it, for every `step`-th index below `stop`."""
        first, last, builder = self.index(start), self.index(stop), self.builder
        before = builder.block
        head, body, end = (self._function.append_basic_block() for _ in range(3))
        builder.branch(head)
        builder.position_at_end(head)
        at = builder.phi(_INDEX)
        at.add_incoming(first.value, before)
        turns = [builder.phi(self._vector) for _ in values]
        for turn, value in zip(turns, values, strict=True):
            turn.add_incoming(value.value, before)
        index = Index(self, at)
        builder.cbranch(index.below(last), body, end)
        builder.position_at_end(body)
        loop = Loop(index, [Vector(self, turn) for turn in turns])
        yield loop
        at.add_incoming((index + step).value, builder.block)
        for turn, value in zip(turns, loop.values, strict=True):
            turn.add_incoming(value.value, builder.block)
        builder.branch(head)
        builder.position_at_end(end)
        loop.values = [Vector(self, turn) for turn in turns]

    def below(self, count: Index) -> ir.Value:
        """The given number of first lanes."""
        order = ir.Constant(ir.VectorType(_SHORT, self.lanes), [*range(self.lanes)])
        short = self.builder.trunc(count.up_to(self.lanes).value, _SHORT)
        counts = self._same(short, order.type)
        return self.builder.icmp_signed("<", order, counts)

    def both(self, lanes: ir.Value, bit: ir.Value) -> ir.Value:
        """These lanes if the bit is set, else none."""
        none = ir.Constant(self._mask, [0] * self.lanes)
        return self.builder.select(bit, lanes, none)

    def read(self, tensor: ir.Value, at: Index, some: ir.Value = None) -> Vector:
        """Neighbouring numbers; zero in lanes left out, whose memory is not touched."""
        place = self.place(tensor, at)
        if some is None:
            loaded = self.builder.load(place, typ=self._vector, align=self._size)
            return Vector(self, loaded)
        of = [_POINTER, _SHORT, self._mask, self._vector]
        function = self._intrinsic(f"masked.load.{self._kind}.p0", self._vector, of)
        align = ir.Constant(_SHORT, self._size)
        given = [place, align, some, self.zero.value]
        return Vector(self, self.builder.call(function, given))

    def read_one(self, tensor: ir.Value, at: Index) -> Vector:
        """One number, in every lane."""
        one = self.builder.load(self.place(tensor, at), typ=self._number)
        return Vector(self, self._same(one, self._vector))

    def write(
        self, vector: Vector, tensor: ir.Value, at: Index, some: ir.Value = None
    ) -> None:
        """Neighbouring numbers; lanes left out stay as they are in memory."""
        place = self.place(tensor, at)
        if some is None:
            self.builder.store(vector.value, place, align=self._size)
            return
        of = [self._vector, _POINTER, _SHORT, self._mask]
        function = self._intrinsic(f"masked.store.{self._kind}.p0", ir.VoidType(), of)
        align = ir.Constant(_SHORT, self._size)
        self.builder.call(function, [vector.value, place, align, some])

    def write_one(self, vector: Vector, tensor: ir.Value, at: Index) -> None:
        """The number in the first lane."""
        one = self.builder.extract_element(vector.value, ir.Constant(_SHORT, 0))
        self.builder.store(one, self.place(tensor, at), align=self._size)

    def call(self, name: str, *vectors: Vector) -> Vector:
        """A function of LLVM, lane by lane."""
        of = [self._vector] * len(vectors)
        function = self._intrinsic(f"{name}.{self._kind}", self._vector, of)
        given = [vector.value for vector in vectors]
        return Vector(self, self.builder.call(function, given))

    def compiled(self) -> Callable[..., None]:
        """The function, of addresses and whole numbers."""
        self.builder.ret_void()
        machine = _machine()
        module = llvm.parse_assembly(str(self.module))
        tuning = llvm.create_pipeline_tuning_options(speed_level=2)
        tuning.loop_unrolling = tuning.loop_vectorization = False
        passes = llvm.create_pass_builder(machine, tuning)
        passes.getModulePassManager().run(module, passes)
        engine = llvm.create_mcjit_compiler(module, machine)
        engine.finalize_object()
        _ENGINES.append(engine)
        kinds = [ctypes.c_void_p] * len(self.tensors)
        sizes = [ctypes.c_int64] * len(self.sizes)
        numbers = [ctypes.c_double] * len(self.numbers)
        address = engine.get_function_address(self._function.name)
        return ctypes.CFUNCTYPE(None, *kinds, *sizes, *numbers)(address)

    def place(self, tensor: ir.Value, at: Index) -> ir.Value:
        """The tensor from a number on."""
        return self.builder.gep(tensor, [at.value], source_etype=self._number)

    def _everywhere(self, number: ir.Value) -> Vector:
        if self._number != number.type:
            number = self.builder.fptrunc(number, self._number)
        return Vector(self, self._same(number, self._vector))

    def _same(self, value: ir.Value, kind: ir.VectorType) -> ir.Value:
        empty = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(empty, value, ir.Constant(_SHORT, 0))
        first = ir.Constant(ir.VectorType(_SHORT, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(one, empty, first)

    def _intrinsic(self, name: str, result: ir.Type, of: list[ir.Type]) -> Any:
        known = self.module.globals.get(f"llvm.{name}")
        kind = ir.FunctionType(result, of)
        return known or ir.Function(self.module, kind, f"llvm.{name}")


_ENGINES: list[Any] = []
"""They own the memory of what is compiled, which lives as long as the process."""


def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
    )
