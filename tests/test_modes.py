"""no_grad and its like as decorators of generators and coroutines: open in their bodies, closed outside (1 s)."""

import asyncio
import inspect

import pytest

from autograd import Value, detect_anomaly, enable_grad, is_grad_enabled, no_grad
from autograd.modes import RECORD, WATCH, mode

w = Value(2.0)


def test_a_generator_records_nothing_and_its_caller_does():
    closed = []

    @no_grad
    def doubled(n):
        """Twice w, n times."""
        try:
            for i in range(n):
                got = yield w * 2, is_grad_enabled(), i
                if got is not None:
                    yield got, is_grad_enabled(), "sent"
        except KeyError as error:
            yield error.args[0], is_grad_enabled(), "thrown"
        finally:
            closed.append(is_grad_enabled())
        return "the end"

    assert inspect.isgeneratorfunction(doubled) and doubled.__doc__ == "Twice w, n times."
    steps = doubled(3)
    for i in range(2):
        y, inside, k = next(steps)
        assert not y.requires_grad and not inside and k == i
        assert is_grad_enabled() and (w * 2).requires_grad
    assert steps.send("x") == ("x", False, "sent")
    assert steps.throw(KeyError("y")) == ("y", False, "thrown")
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == "the end" and closed == [False] and is_grad_enabled()


def test_a_generator_that_is_closed_or_raises_leaves_nothing_behind():
    closed = []

    @no_grad()
    def broken():
        try:
            yield 1
            raise ValueError("x")
        finally:
            closed.append(is_grad_enabled())

    steps = broken()
    next(steps)
    steps.close()
    steps = broken()
    next(steps)
    with pytest.raises(ValueError, match="x"):
        next(steps)
    assert closed == [False, False] and is_grad_enabled()


def test_modes_nest_through_generators():
    @detect_anomaly()
    def watched():
        yield mode.get()
        yield from plain()

    @enable_grad
    def plain():
        yield mode.get()

    with no_grad():
        assert [*watched()] == [WATCH, RECORD | WATCH]
        assert mode.get() == 0
    assert mode.get() == RECORD


def test_a_coroutine_records_nothing_while_others_do():
    @no_grad
    async def evaluated():
        seen = [is_grad_enabled()]
        for _ in range(3):
            await asyncio.sleep(0)
            seen.append((w * 2).requires_grad)
        return seen

    async def trained():
        seen = []
        for _ in range(4):
            await asyncio.sleep(0)
            seen.append((w * 2).requires_grad)
        return seen

    async def both():
        return await asyncio.gather(evaluated(), trained(), evaluated()), await evaluated(), is_grad_enabled()

    assert inspect.iscoroutinefunction(evaluated)
    assert asyncio.run(both()) == ([[False] * 4, [True] * 4, [False] * 4], [False] * 4, True)


def test_what_cannot_be_decorated():
    with pytest.raises(TypeError, match="Model is a class; decorate its methods"):

        @no_grad
        class Model:
            pass

    with pytest.raises(TypeError, match="steps is an asynchronous generator; open the block inside"):

        @enable_grad
        async def steps():
            yield 1
