"""Module: something callable with parameters, buffers and hooks.  Parameter, Buffer: its Values."""

from collections.abc import Callable, Iterator, Mapping
from threading import get_ident
from typing import Any, Self
from weakref import ref

import numpy as np

from autograd import Value, no_grad, primitive
from autograd.engine import next_number
from autograd.foreign import check_arguments, listed, name_all
from autograd.modes import TRACE, mode
from autograd.scopes import note, numbers
from autograd.value import carries
from nn.foreign import METHODS, OPTIONS

Hook = Callable[..., Any]


class Parameter(Value):
    """A leaf Value that a Module learns; made from a Value, it is a copy of its data."""

    __slots__ = ()

    def __init__(
        self, data: Any, *, requires_grad: bool = True, name: str | None = None, dtype: Any = None
    ) -> None:
        data = data.data if isinstance(data, Value) else data
        super().__init__(data, requires_grad=requires_grad, name=name, dtype=dtype)


class Buffer(Value):
    """A Value that belongs to a Module's state but is not learned (a running mean)."""

    __slots__ = ()

    def __init__(self, data: Any, *, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(data, requires_grad=False, name=name, dtype=dtype)


class Handle:
    """What registering a hook returns: `remove()` takes the hook away."""

    def __init__(self, hooks: list[Hook], hook: Hook) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)


class Module:
    """Base class of everything with parameters; write `forward`, call the module.

    Parameters are the leaf Values that require grad among the attributes, also in
    (nested) lists, tuples and dicts, and those of the modules found there; buffers are
    the `Buffer`s.  A Value shared by two places counts once.  Attributes whose name
    starts with an underscore are private and not looked at.
    """

    training = True

    def __new__(cls, *args: Any, **options: Any) -> Self:
        check_arguments(cls, args, options, OPTIONS)
        return super().__new__(cls)

    def __call__(self, *args: Any, **options: Any) -> Any:
        if mode.get() & TRACE:
            from nn.watched import watch

            watch(self)
        first = next_number()
        hooks = self.__dict__.get("_hooks")
        if hooks is None:
            output = self.forward(*args, **options)
        else:
            output = self._hooked(args, options, hooks)
        try:
            last = output._number
        except AttributeError:
            last = numbers(output)
        note((first, last, get_ident(), ref(self), self.__class__))  # for pictures: who recorded what
        return output

    def _hooked(self, args: tuple[Any, ...], options: Any, hooks: dict[str, list[Hook]]) -> Any:
        """Run forward between the hooks."""
        for hook in hooks["forward_pre"]:
            changed = hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        if hooks["backward"]:
            args, output = self._watched(args, options, hooks["backward"])
        else:
            output = self.forward(*args, **options)
        for hook in hooks["forward"]:
            changed = hook(self, args, output)
            if changed is not None:
                output = changed
        return output

    def __setattr__(self, name: str, new: Any) -> None:
        """Raises TypeError for a result or an array in place of a parameter, which would no longer be one."""
        old = self.__dict__.get(name)
        if isinstance(old, Parameter) and new is not old and (what := _no_parameter(new)):
            raise TypeError(
                f"{type(self).__name__}.{name} is a parameter, and {what} in its place is none: under no_grad() "
                f"module.{name} -= step changes it in place, and so does module.{name}.data = new; "
                f"del module.{name} first, if it is to be one no more"
            )
        super().__setattr__(name, new)

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__}.forward is not written: define forward(self, x)")

    # --- what is inside -------------------------------------------------------------------------

    def _named(self, prefix: str, kind: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for name, found in _inside(prefix, _public(self), kind):
            pairs = found._named(name, kind) if isinstance(found, Module) else [(name, found)]
            for full, x in pairs:
                if id(x) not in seen:
                    seen.add(id(x))
                    yield full, x

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Value]]:
        """(dotted name, parameter), in the order the attributes were set."""
        return self._named(prefix, _is_parameter)

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Buffer]]:
        """(dotted name, buffer), in the order the attributes were set."""
        return self._named(prefix, lambda x: isinstance(x, Buffer))

    def parameters(self) -> list[Any]:
        """All parameters, in order."""
        return [p for _, p in self.named_parameters()]

    def buffers(self) -> list[Buffer]:
        """All buffers, in order."""
        return [b for _, b in self.named_buffers()]

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """(name, module) for the modules directly inside this one."""
        return ((name, m) for name, m in _inside("", _public(self), _no) if isinstance(m, Module))

    def children(self) -> list["Module"]:
        """The modules directly inside this one."""
        return [m for _, m in self.named_children()]

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, "Module"]]:
        """(dotted name, module) for this module, named `prefix`, and all inside it."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name)

    def modules(self) -> list["Module"]:
        """This module and all inside it."""
        return [m for _, m in self.named_modules()]

    def register_buffer(self, name: str, data: Any) -> None:
        """The same as `self.name = Buffer(data)`; None for a buffer that is not used."""
        setattr(self, name, None if data is None else Buffer(data))

    def apply(self, f: Callable[["Module"], Any]) -> Self:
        """Call `f` on every module inside, then on this one."""
        for child in self.children():
            child.apply(f)
        f(self)
        return self

    # --- state ----------------------------------------------------------------------------------

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters():
            p.zero_grad()

    def train(self, mode: bool = True) -> Self:
        """Set training mode here and in all modules inside."""
        for m in self.modules():
            m.training = mode
        return self

    def eval(self) -> Self:
        """Set evaluation mode: train(False)."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let all parameters be learned, or freeze them (they then stay in the state)."""
        for _, p in self._named("", lambda x: isinstance(x, Parameter)):
            p.requires_grad_(requires_grad)
        return self

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters and buffers as plain arrays, by dotted name."""
        return {name: np.array(v.data) for name, v in self._named("", is_state)}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> None:
        """Take over the arrays of `state`; everything is checked before anything is changed.

        Raises one KeyError (ValueError, if all names fit) that lists every missing, unexpected
        and mis-shaped name; TypeError for what is no array of real numbers.  strict=False loads
        the names in common.

        >>> from nn import Linear
        >>> Linear(2, 1).load_state_dict({"weight": np.zeros((1, 3)), "w": np.zeros(1)})
        Traceback (most recent call last):
        KeyError: "Linear.load_state_dict: missing ['bias'], unexpected ['w'], wrong shapes: weight (1, 3) given...
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"{type(self).__name__}.load_state_dict: got a {type(state).__name__}; "
                f"pass a dict of arrays, such as nn.load(path) or state_dict() returns"
            )
        own = dict(self._named("", is_state))
        arrays = {name: np.asarray(state[name]) for name in own if name in state}
        for name, array in arrays.items():
            if array.dtype.kind not in "fiub":
                raise TypeError(
                    f"{type(self).__name__}.load_state_dict: {name!r} has dtype {array.dtype}; "
                    f"real numbers are needed"
                )
        check_names_and_shapes(
            f"{type(self).__name__}.load_state_dict",
            {name: v.shape for name, v in own.items()},
            {name: np.shape(arrays.get(name, ())) for name in state},
            strict,
        )
        for name, array in arrays.items():
            own[name].data = array

    # --- hooks ----------------------------------------------------------------------------------

    def _hook(self, kind: str, hook: Hook) -> Handle:
        hooks = self.__dict__.setdefault("_hooks", {"forward_pre": [], "forward": [], "backward": []})
        hooks[kind].append(hook)
        return Handle(hooks[kind], hook)

    def register_forward_pre_hook(self, hook: Hook) -> Handle:
        """`hook(module, args)` before forward; what it returns, if anything, replaces args."""
        return self._hook("forward_pre", hook)

    def register_forward_hook(self, hook: Hook) -> Handle:
        """`hook(module, args, output)` after forward; what it returns replaces the output."""
        return self._hook("forward", hook)

    def register_full_backward_hook(self, hook: Hook) -> Handle:
        """`hook(module, grad_input, grad_output)` in backward, tuples in the order of the Values.

        grad_input[i] is the gradient of the i-th Value that carries gradient among the arguments,
        grad_output[i] that of the i-th one among the results; None for one that no gradient came to.
        A hook looks on: what it returns is ignored.

        It runs once in each pass that comes to the results, as soon as all the arguments that those
        were made from have their gradient; if they were made from none (plain data), with the
        gradient of the first result.  Not where `gradients` asks for some of the arguments alone.

        >>> from nn import Tanh
        >>> layer = Tanh()
        >>> handle = layer.register_full_backward_hook(lambda m, gi, go: print(gi[0].tolist(), go[0].tolist()))
        >>> layer(Value([0.0])).sum().backward()
        [1.0] [1.0]
        """
        return self._hook("backward", hook)

    def _watched(self, args: tuple[Any, ...], options: Any, hooks: list[Hook]) -> tuple[Any, Any]:
        """Run forward between two identity operations that show the gradients to the hooks."""
        first = next_number()
        crossing = _Crossing(self, hooks, [i for i, x in enumerate(args) if carries(x)])
        passed = tuple([crossing.at_input(i, x) if i in crossing.inputs else x for i, x in enumerate(args)])
        ops = {x.op: i for i, x in enumerate(passed) if i in crossing.inputs and carries(x)}
        output = self.forward(*passed, **options)
        several = isinstance(output, tuple | list)
        results = [
            crossing.at_output(i, y, found_behind(y, ops, first)) if carries(y) else y
            for i, y in enumerate(output if several else [output])
        ]
        return passed, (type(output)(results) if several else results[0])

    # --- how it reads ---------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """The options shown in repr; a subclass writes it."""
        return ""

    def __dir__(self) -> list[str]:
        return listed(object.__dir__(self), type(self))

    def __repr__(self) -> str:
        lines = [f"  ({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        head = f"{type(self).__name__}({self.extra_repr()}"
        return head + ("\n" + "\n".join(lines) + "\n)" if lines else ")")


name_all(Module, METHODS)


class _Crossing:
    """The gradients of one call of a module on their way back through it, for its hooks.

    A pass comes to the results first, then to the arguments, each in the reverse of their order:
    that of the numbers of their nodes.
    """

    def __init__(self, module: Module, hooks: list[Hook], inputs: list[int]) -> None:
        self.module, self.hooks = module, hooks
        self.inputs = inputs  # the positions of the arguments that carry gradient
        self.behind: dict[int, set[int]] = {}  # position of a result -> the arguments it was made from
        self.arrived: dict[int, Any] = {}  # at the results, in the pass under way
        self.left: dict[int, Any] = {}  # to the arguments

    def at_input(self, i: int, x: Value) -> Value:
        """The argument, as forward is given it."""

        def rule(g: Any, out: Any, x: Any) -> Any:
            if self.arrived:  # else gradient that came another way, as in a second derivative
                self.left[i] = g
                self.run_if_complete()
            return g

        passed: Value = primitive(rule, name="module_input")(np.positive)(x)
        return passed

    def at_output(self, i: int, y: Value, behind: set[int]) -> Value:
        """The result, as the caller is given it."""
        self.behind[i] = behind

        def rule(g: Any, out: Any, x: Any) -> Any:
            if self.left or i >= min(self.arrived, default=i + 1):  # of a pass that did not go through
                self.arrived, self.left = {}, {}
            self.arrived[i] = g
            if i == min(self.behind):  # the last to come
                self.run_if_complete()
            return g

        result: Value = primitive(rule, name="module_output")(np.positive)(y)
        return result

    def run_if_complete(self) -> None:
        """Run the hooks once the gradients of all arguments are there that the results were made from."""
        if not set[int]().union(*[self.behind[i] for i in self.arrived]) <= self.left.keys():
            return
        left, arrived = self.left, self.arrived
        self.left, self.arrived = {}, {}  # another pass begins with nothing
        inputs = tuple([left.get(i) for i in self.inputs])
        outputs = tuple([arrived.get(i) for i in self.behind])
        for hook in list(self.hooks):
            hook(self.module, inputs, outputs)


def found_behind(y: Value, ops: Mapping[Any, int], first: int) -> set[int]:
    """What `ops` says of the operations that `y` was made by since the number `first`."""
    found: set[int] = set()
    todo, seen = [y], {y}
    while todo:
        v = todo.pop()
        if v.op in ops:
            found.add(ops[v.op])
            continue
        new = [x for x in v.inputs if carries(x) and x._number > first and x not in seen]
        seen.update(new)
        todo.extend(new)
    return found


def _public(module: Module) -> dict[str, Any]:
    return {name: x for name, x in vars(module).items() if not name.startswith("_")}


def _no(x: Any) -> bool:
    return False


def _no_parameter(new: Any) -> str:
    """What is put in the place of a parameter, where it is a result or plain numbers; else ''."""
    if isinstance(new, Value):
        return "" if new.op is None else f"the result of {new.op}"
    return f"a plain {type(new).__name__}" if isinstance(new, np.ndarray | np.generic | float | int) else ""


def _is_parameter(x: Any) -> bool:
    try:
        return isinstance(x, Value) and x.is_leaf and x.requires_grad
    except RuntimeError:  # a result that was kept while a compiled function was traced: it holds nothing
        return False


def is_state(x: Any) -> bool:
    return _is_parameter(x) or isinstance(x, Parameter | Buffer)


def _inside(prefix: str, holder: Any, kind: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
    """The modules, and the Values of a kind, in a dict, list or tuple, with dotted names."""
    items = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, x in items:
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(x, Module) or kind(x):
            yield name, x
        elif isinstance(x, dict | list | tuple):
            yield from _inside(name, x, kind)


def check_names_and_shapes(
    owner: str, own: Mapping[str, Any], given: Mapping[str, Any], strict: bool = True
) -> None:
    """Raise one error that names everything in which two states (name -> shape) differ."""
    missing = [k for k in own if k not in given] if strict else []
    unexpected = [k for k in given if k not in own] if strict else []
    wrong = [f"{k} {given[k]} given, {own[k]} needed" for k in own if k in given and given[k] != own[k]]
    found = [f"missing {missing}"] * bool(missing) + [f"unexpected {unexpected}"] * bool(unexpected)
    found += [f"wrong shapes: {', '.join(wrong)}"] * bool(wrong)
    if found:
        kind: type[Exception] = KeyError if missing or unexpected else ValueError
        raise kind(f"{owner}: {', '.join(found)}; build the model as it was when saved")


def frozen_call(module: Module, *args: Any) -> Any:
    """One call without a graph and in evaluation mode; the mode is restored."""
    modes = [(m, m.training) for m in module.modules()]
    module.eval()
    try:
        with no_grad():
            return module(*args)
    finally:
        for m, training in modes:
            m.training = training
