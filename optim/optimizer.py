"""What every optimizer shares: parameter groups, state per parameter, in-place updates."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from autograd import Value, enable_grad
from autograd.callers import stacklevel
from autograd.foreign import LEAVE_OUT, check_arguments
from autograd.tracing import is_tracing
from optim.checks import at_least_zero, like, same_names
from optim.kernel import CHUNK, Array, Kernel, Rooms, Rule, kernel_of, numba_of, run_large

State = dict[str, Any]
Group = dict[str, Any]
float64 = np.float64
CHANGEABLE = (list, dict, np.ndarray)

# what learning rate schedulers keep in a group beside the optimizer's own options
SCHEDULED = frozenset({"initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum", "swa_lr"})

# what other libraries call options
OPTIONS = {
    "learning_rate": "write lr=",
    "epsilon": "write eps=",
    "beta_1": "write betas=(beta_1, beta_2)",
    "beta_2": "write betas=(beta_1, beta_2)",
    "decay": "write weight_decay=, or lower the rate with optim.lr_scheduler",
    "clipnorm": "call optim.clip_grad_norm_(parameters, ...) before step()",
    "clipvalue": "call optim.clip_grad_value_(parameters, ...) before step()",
    "foreach": "write fused=",
    "capturable": LEAVE_OUT,
}


@dataclass(eq=False, slots=True)
class Ready:
    """The code of a rule for a group, and what it is called with for parameters at one point of their count."""

    group: Group
    settings: tuple[Any, ...]  # the values in the group for which it was made
    kernel: Kernel
    before: list[Any]  # the counters
    values: tuple[Any, ...]  # the counters before and after, and the numbers


class Optimizer:
    """Base class: a subclass gives `defaults` and a `rule`, or writes `update` for one parameter.

    The rule is a function of NumPy, `rule(p, g, *buffers, **options)` -> `(p, *buffers)`, elementwise
    and without anything in place: what it returns is new.  It is compiled to code that works in
    place.  A buffer that is None has not been needed yet; one that is returned as None stays as it is.
    `numbers` gives its options; floats may change at every step, for each set of others it is
    compiled by itself.

    params: Values, or dicts with the key "params" and options of their own (groups).
    Options are read from `param_groups` at every step, so they may be changed there.

    fused: do the rule for float32 and float64 arrays as one loop of machine code (needs numba).

    Raises ValueError for no parameters, a parameter given twice, one that is not a leaf
    that requires grad, or an option out of range; TypeError for something that is no Value;
    ImportError for fused without numba.

    >>> class Sign(Optimizer):
    ...     rule = staticmethod(lambda p, g, *, lr: (p - lr * np.sign(g),))
    ...     def numbers(self, group):
    ...         return {}, {"lr": group["lr"]}
    >>> x = Value([2.0, -3.0])
    >>> optimizer = Sign([x], {"lr": 0.5})
    >>> (x * x).sum().backward()
    >>> optimizer.step()
    >>> x.data.tolist()
    [1.5, -2.5]
    """

    needs_closure = False  # whether step() evaluates the loss itself, several times
    rule: Rule | None = None
    buffers: tuple[str, ...] = ()  # the arrays in a parameter's state, as the rule takes them
    counters: tuple[str, ...] = ()  # the numbers in a parameter's state, as `numbers` takes them
    told = False  # whether step() said that nothing has a gradient

    def __new__(cls, *args: Any, **options: Any) -> Self:
        check_arguments(cls, args, options, OPTIONS)
        return super().__new__(cls)

    def __init__(self, params: Iterable[Any], defaults: Group, *, fused: bool = False) -> None:
        if fused:
            numba_of(f"{self.name}: fused=True")
        self.fused = fused
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self._owned: list[
            tuple[Value, ...]
        ] = []  # the parameters of each group, which give them their positions
        self.state: dict[int, State] = {}  # by the position of the parameter over all groups
        self._forget()
        self.stepped = False  # whether step() was called: a scheduler goes after it
        if isinstance(params, Value):
            raise TypeError(
                f"{self.name}: params is a single Value; pass a list of them: [{params.name or 'w'}]"
            )
        if not isinstance(params, Iterable):
            raise TypeError(
                f"{self.name}: params is a {type(params).__name__}; pass a list of Values: model.parameters()"
            )
        if callable(getattr(params, "parameters", None)):
            raise TypeError(
                f"{self.name}: params is the model, a {type(params).__name__}; pass model.parameters()"
            )
        given = list(params)
        if not given:
            raise ValueError(f"{self.name}: params is empty; pass the Values to optimize")
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)
        if not self.parameters():
            raise ValueError(f"{self.name}: params is empty in every group; pass the Values to optimize")

    def _forget(self) -> None:
        """Begin without code: it is found again at the next step."""
        self._rooms = Rooms()
        self._known: dict[int, Ready] = {}  # by the identity of the group
        self._ready: Ready | None = None  # in the step that is being done

    def __getstate__(self) -> dict[str, Any]:
        return {k: x for k, x in vars(self).items() if k not in ("_rooms", "_known", "_ready")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()

    @property
    def name(self) -> str:
        """The class name, for messages."""
        return type(self).__name__

    def check(self, group: Group) -> None:
        """Raise ValueError for options out of range; a subclass writes it."""

    def add_param_group(self, group: Group) -> None:
        """More parameters, with options of their own; what is not given is the default."""
        unknown = set(group) - set(self.defaults) - {"params"} - SCHEDULED
        if unknown:
            raise TypeError(
                f"{self.name}: unknown option {sorted(unknown)}; known are {sorted(self.defaults)}"
            )
        params = (group["params"],) if isinstance(group["params"], Value) else tuple(group["params"])
        known = {id(p) for p in self.parameters()}
        for i, p in enumerate(params):
            if not isinstance(p, Value):
                mend = "pass its parameters()" if hasattr(p, "parameters") else "wrap it: Value(...)"
                raise TypeError(f"{self.name}: parameter {i} is a {type(p).__name__}; {mend}")
            if not p.is_leaf or not p.requires_grad:
                raise ValueError(
                    f"{self.name}: parameter {i} ({p!r}) is not a leaf that requires grad; "
                    f"optimize the Values that were made by hand"
                )
            if id(p) in known:
                raise ValueError(
                    f"{self.name}: parameter {i} ({p!r}) is given twice; name each parameter once"
                )
            known.add(id(p))
        group = {**self.defaults, **group, "params": params}
        self.check(group)
        self.param_groups.append(group)
        self._owned.append(params)

    def parameters(self) -> list[Value]:
        """All parameters, in order."""
        return [p for group in self.param_groups for p in group["params"]]

    @property
    def lr(self) -> Any:
        """The learning rate; of several groups, the list of theirs.  Assigning sets it in every group.

        Raises ValueError for a rate out of range, or a list of another length.

        >>> from optim.sgd import SGD
        >>> optimizer = SGD([Value(1.0)], lr=0.1)
        >>> optimizer.lr = 0.5
        >>> optimizer
        SGD(lr=0.5, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False, ...1 parameters)
        """
        rates = [group["lr"] for group in self._with_lr()]
        return rates[0] if len(rates) == 1 else rates

    @lr.setter
    def lr(self, new: Any) -> None:
        groups = self._with_lr()
        rates = list(new) if isinstance(new, list | tuple) else [new] * len(groups)
        if len(rates) != len(groups):
            raise ValueError(f"{self.name}: lr has {len(rates)} values for {len(groups)} parameter groups")
        for group, lr in zip(groups, rates, strict=True):
            at_least_zero(self.name, lr=lr)
            self.check({**group, "lr": lr})
        for group, lr in zip(groups, rates, strict=True):
            group["lr"] = lr

    def _with_lr(self) -> list[Group]:
        """The groups, if they have a learning rate."""
        groups: list[Group] = vars(self).get("param_groups", [])
        if not groups or any(["lr" not in group for group in groups]):
            raise AttributeError(f"{self.name}: its groups have no option 'lr'; give it in the defaults")
        return groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with set_to_none=False those there are become zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.zero_grad()
                elif p.grad is not None:
                    p.grad = zeros_like(p.data)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, in place; returns closure()'s loss, if given.

        A parameter whose `.grad` is None stays as it is.  Where that is so of all, a UserWarning says it, once.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        self.stepped = True
        self._ready = None  # options may have changed since
        first = self.param_groups[0]["params"]
        if not first or first[0]._grad is None:
            self._look_for_gradients()
        self._updated()
        return loss

    def _look_for_gradients(self) -> None:
        """Say, once, that no parameter has a gradient."""
        if self.told or is_tracing() or any([p.grad is not None for p in self.parameters()]):
            return
        self.told = True
        warnings.warn(
            f"{self.name}.step(): no parameter has a gradient, so nothing moves; call backward() on a loss that "
            f"was made from these parameters before step(), and zero_grad() before backward()",
            UserWarning,
            stacklevel=stacklevel(),
        )

    def _updated(self) -> None:
        """Update all parameters."""
        start, own = 0, type(self).update is not Optimizer.update or is_tracing()
        if len(self.param_groups) != len(self._owned):
            raise self._other_parameters()
        for group, params in zip(self.param_groups, self._owned, strict=True):
            if group["params"] is not params:
                raise self._other_parameters()
            rest, found = enumerate(params, start), None
            one_by_one = own or bool(group.get("maximize"))
            ready = None if one_by_one or not params else self._recalled(group, self.state.get(start))
            start += len(params)
            if ready is not None and not params[0]._array.ndim:
                # numbers alone: without errstate, which takes as long as one or two of them
                found = ready.kernel.all(rest, self.state, self._rooms, -1, *ready.values)
                if found is None:
                    continue
            self._update_rest(found, rest, group, one_by_one)

    def _other_parameters(self) -> RuntimeError:
        """What is remembered is known by a parameter's position: none may come or go unseen."""
        return RuntimeError(
            f"{self.name}.step(): param_groups has other groups or other params than the optimizer was given; "
            f"add parameters with add_param_group({{'params': [...]}}), or make a new optimizer"
        )

    @np.errstate(all="ignore")  # quicker than a block
    def _update_rest(
        self,
        found: tuple[int, Value] | None,
        rest: Iterator[tuple[int, Value]],
        group: Group,
        one_by_one: bool,
    ) -> None:
        """Update the parameter that was found, by its position, if any, and the rest of the group."""
        most = 0 if self.fused else CHUNK
        while True:
            ready = self._ready
            if found is None and (one_by_one or ready is None or ready.group is not group):
                found = next(rest, None)
            elif found is None and ready is not None:
                found = ready.kernel.all(rest, self.state, self._rooms, most, *ready.values)
            if found is None:
                return
            self._update_one(*found, group)
            found = None

    def _update_one(self, position: int, p: Value, group: Group) -> None:
        """Update one parameter, if it has a gradient."""
        g = p.grad
        if g is None:
            return
        if isinstance(g, Value):
            g = g.data
        data, state = p.data, self.state.get(position)
        if state is None:
            state = self.state[position] = self.new_state(data, group)
        new = self.update(data, -g if group.get("maximize") else g, state, group)
        if new is data or type(new) is float64 is type(data):
            p.changed(new)
        else:
            p.data = new

    def new_state(self, p: Array, group: Group) -> State:
        """What is remembered about a parameter before its first step; None for a buffer not yet needed."""
        return {}

    def numbers(self, group: Group, *counters: Any) -> tuple[State, dict[str, Any]]:
        """The counters after a step, in their order, and the options of the rule for it.

        Numbers and None may depend on the counters, truth values on the group alone.
        """
        raise NotImplementedError(f"{self.name}: write `numbers` for its rule, or `update`")

    def update(self, p: Array, g: Array, state: State, group: Group) -> Array:
        """The new data of one parameter, where `p` is an array `p` itself; `g` is not to be changed in place."""
        ready = self._ready
        if ready is not None and ready.group is group and not isinstance(p, Value):  # a Value: being compiled
            new = self._quickly(ready, p, g, state)
            if new is not None:
                return new
        return self._first(p, g, state, group)

    def _quickly(self, ready: Ready, p: Array, g: Array, state: State) -> Array | None:
        """The new data by code that is there; None where it does not suit this parameter."""
        if type(p) is float64:
            try:
                return ready.kernel.number(p, g, state, *ready.values)
            except (ArithmeticError, ValueError, TypeError):  # NumPy has an answer; or a buffer is None
                return None
        kernel = ready.kernel
        if not p.ndim:
            return None
        if p.size <= CHUNK and not self.fused:
            return kernel.array(p, g, state, self._rooms, *ready.values)
        if [state[k] for k in self.counters] != ready.before:
            return None
        if tuple([k for k in kernel.code.kept if state.get(k) is None]) != kernel.code.fresh:
            return None
        numbers = ready.values[2 * len(ready.before) :]
        run_large(kernel, p, g, state, numbers, self._rooms, self.fused)
        state.update(zip(self.counters, ready.values[len(ready.before) :], strict=False))
        return p

    def _first(self, p: Array, g: Array, state: State, group: Group) -> Array:
        """`update` of the first parameter of its kind in a step, and of those that are special."""
        ready = None if isinstance(p, Value) else self._recalled(group, state)
        new = None if ready is None else self._quickly(ready, p, g, state)
        if new is not None:
            return new
        before = [state[k] for k in self.counters]
        if self.rule is None:
            raise NotImplementedError(f"{self.name}: give it a `rule`, or write `update`")
        after, options = self.numbers(group, *before)
        if isinstance(p, Value):  # a step that is being compiled
            return self._plainly(p, g, state, after, options)
        there = {k: state.get(k) is not None for k in self.buffers}
        kernel = kernel_of(self.rule, options, there, self.counters)
        if kernel is None:
            return self._plainly(p, g, state, after, options)
        values = (*before, *after.values(), *kernel.prepare(*options.values()))
        settings = tuple(group.values())
        ready = self._ready = Ready(group, settings, kernel, before, values)
        own = not type(self).numbers.__module__.startswith("optim.")  # may read what is not in the group
        if not own and not any([isinstance(x, CHANGEABLE) for k, x in group.items() if k != "params"]):
            self._known[id(group)] = ready  # what could be changed in place would be the same next time
        if p.ndim or type(p) is float64:
            new = self._quickly(ready, p, g, state)
            return self._plainly(p, g, state, after, options) if new is None else new
        few = {k: np.array([x]) if k in self.buffers and x is not None else x for k, x in state.items()}
        new = kernel.array(np.array([p]), np.array([g]), few, self._rooms, *values)
        state.update({k: x[0] if k in self.buffers and x is not None else x for k, x in few.items()})
        return new[0]

    def _recalled(self, group: Group, state: State | None) -> Ready | None:
        """The code of the last step with the numbers of this one; None where options are not what they were."""
        ready = self._known.get(id(group))
        if (
            state is None
            or ready is None
            or ready.settings != tuple(group.values())
            or ready.group is not group
        ):
            return None
        before = [state[k] for k in self.counters]
        if ready.before != before:
            after, options = self.numbers(group, *before)
            try:
                numbers = ready.kernel.prepare(*options.values())
            except TypeError:  # another option is None
                return None
            values = (*before, *after.values(), *numbers)
            ready.before, ready.values = before, values
        self._ready = ready
        return ready

    def _plainly(self, p: Array, g: Array, state: State, after: State, options: dict[str, Any]) -> Array:
        """The rule as it is, for a step that is being compiled, and where its code cannot be used."""
        assert self.rule is not None
        news = self.rule(p, g, *[state.get(k) for k in self.buffers], **options)
        if not is_tracing():  # plain data, also of what a Value of the rule's own made a graph of
            news = tuple([x.data if isinstance(x, Value) else x for x in news])
        # copies: they may be the arrays that are written next
        news = tuple([x if x is None or isinstance(x, Value) else np.array(x) for x in news])
        for k, x in zip(self.buffers, news[1:], strict=True):
            if x is not None:
                state[k] = into(state.get(k), x, p)
        state.update(after)
        return into(p, news[0], p)

    # --- saving and restoring ---------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later: copies, plain arrays and numbers only.

        {"state": {position: {name: array or number}}, "param_groups": [{option: value,
        "params": [positions]}]}, parameters being known by their position over all groups.
        """
        groups, start = [], 0
        for group in self.param_groups:
            end = start + len(group["params"])
            groups.append({**group, "params": list(range(start, end))})
            start = end
        state = {i: {k: plain_copy(v) for k, v in s.items()} for i, s in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a state_dict(); everything is checked before anything is changed.

        Raises KeyError for missing or unexpected names, ValueError for another number of
        groups or parameters, wrong shapes or dtypes, or options out of range.
        """
        where = f"{self.name}.load_state_dict"
        same_names(where, state_dict, {"state", "param_groups"})
        given = state_dict["param_groups"]
        if len(given) != len(self.param_groups):
            raise ValueError(f"{where}: {len(given)} groups given, {len(self.param_groups)} needed")
        groups, start = [], 0
        for i, (new, old) in enumerate(zip(given, self.param_groups, strict=True)):
            same_names(f"{where}: group {i}", set(new) - SCHEDULED, {*self.defaults, "params"})
            end = start + len(old["params"])
            if list(new["params"]) != list(range(start, end)):
                raise ValueError(
                    f"{where}: group {i} holds the parameters {list(new['params'])}, "
                    f"here it holds {list(range(start, end))}; make the groups as they were when saved"
                )
            start = end
            groups.append({**new, "params": old["params"]})
            self.check(groups[-1])
        owners = [(p, group) for group in groups for p in group["params"]]
        state: dict[int, State] = {}
        for position, new in state_dict["state"].items():
            if not isinstance(position, int) or not 0 <= position < len(owners):
                raise KeyError(f"{where}: no parameter at position {position!r}; there are {len(owners)}")
            p, group = owners[position]
            state[position] = self.checked_state(f"{where}: parameter {position}", new, p.data, group)
        self.param_groups, self.state = groups, state
        self._forget()

    def checked_state(self, where: str, new: Mapping[str, Any], p: Array, group: Group) -> State:
        """A copy of a parameter's saved state, if it is like `new_state`."""
        expected = self.new_state(p, group)
        if not expected:
            return {k: plain_copy(v) for k, v in new.items()}
        same_names(where, new, set(expected))
        return {k: like(f"{where}: {k!r}", new[k], old, p) for k, old in expected.items()}

    def __repr__(self) -> str:
        """The options as they are now: one value where all groups have the same, else a list of theirs."""
        options = []
        for k in self.defaults:
            values = [group[k] for group in self.param_groups]
            same = all([repr(x) == repr(values[0]) for x in values])
            options.append(f"{k}={values[0] if same else values}")
        groups = f" in {len(self.param_groups)} groups" if len(self.param_groups) > 1 else ""
        return f"{self.name}({', '.join(options)}, {len(self.parameters())} parameters{groups})"


# --- buffers --------------------------------------------------------------------------------


def into(old: Array | None, new: Array, p: Array) -> Array:
    """`new` in the array `old`, or itself in the dtype of `p` where there is none that can be changed."""
    if isinstance(new, Value):
        return new
    if old is None or not np.ndim(old):
        return np.array(new, p.dtype)[()]
    old[...] = new
    return old


def zeros_like(p: Array) -> Array:
    """Zeros of the shape, dtype and layout of `p`: an array, or a scalar for a scalar."""
    return np.zeros_like(p) if p.ndim else p.dtype.type(0)


def full_like(p: Array, x: float) -> Array:
    """The number `x` in the shape and dtype of `p`: an array, or a scalar for a scalar."""
    return np.full_like(p, x) if p.ndim else p.dtype.type(x)


def plain_copy(x: Any) -> Any:
    """A copy for a state_dict: arrays (a NumPy scalar becomes one of shape ()), numbers, None."""
    return np.array(x) if isinstance(x, np.ndarray | np.generic) else x
