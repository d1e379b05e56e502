"""What other libraries call things: names that are not here, and what is written instead.

Nothing here is on the way of a name that is there: a `Named` is an attribute of the class like any
other, and a module's `__getattr__` is asked last.
"""

from collections.abc import Iterable, Mapping
from inspect import Parameter, signature
from operator import attrgetter
from typing import Any, NoReturn

import numpy as np

from autograd.rules import table

LEAVE_OUT = "leave it out: everything is on the CPU"

VALUE = {
    "view": "write v.reshape(...)",
    "view_as": "write v.reshape(other.shape)",
    "reshape_as": "write v.reshape(other.shape)",
    "unsqueeze": "write np.expand_dims(v, axis), or v[:, None]",
    "permute": "write v.transpose(1, 0), with the axes in their new order",
    "t": "write v.T",
    "adjoint": "write v.mT",
    "expand": "write np.broadcast_to(v, shape)",
    "expand_as": "write np.broadcast_to(v, other.shape)",
    "tile": "write np.tile(v, repeats)",
    "repeat_interleave": "write v.repeat(repeats, axis=axis)",
    "unbind": "write list(v)",
    "clone": "write v.copy()",
    "contiguous": "leave it out",
    "conj": "leave it out: Values are real numbers",
    "conjugate": "leave it out: Values are real numbers",
    "cpu": LEAVE_OUT,
    "cuda": LEAVE_OUT,
    "device": LEAVE_OUT,
    "to": "write v.astype(dtype) for another dtype; everything is on the CPU",
    "type": "write v.dtype, or v.astype(dtype)",
    "float": "write v.astype(np.float32)",
    "double": "write v.astype(np.float64)",
    "half": "write v.astype(np.float16)",
    "dim": "write v.ndim",
    "numel": "write v.size",
    "get_shape": "write v.shape",
    "pow": "write v ** n",
    "square": "write v ** 2",
    "add": "write v + w",
    "sub": "write v - w",
    "mul": "write v * w",
    "div": "write v / w",
    "matmul": "write v @ w",
    "mm": "write v @ w",
    "bmm": "write v @ w",
    "mv": "write v @ w",
    "clamp": "write v.clip(min, max)",
    "norm": "write np.linalg.norm(v)",
    "logsumexp": "write autograd.special.logsumexp(v)",
    "amax": "write v.max(axis=axis)",
    "amin": "write v.min(axis=axis)",
    "masked_fill": "write np.where(mask, number, v)",
    "index_select": "write v.take(indices, axis=axis)",
    "gather": "write np.take_along_axis(v, indices, axis)",
    "add_": "write v.data = v.data + w",
    "sub_": "write v.data = v.data - w",
    "mul_": "write v.data = v.data * w",
    "copy_": "write v.data = new",
    "fill_": "write v.data = np.full_like(v.data, number)",
    "zero_": "write v.data = np.zeros_like(v.data)",
    "assign_add": "write v.data = v.data + w",
    "assign_sub": "write v.data = v.data - w",
    "detach_": "write v.detach()",
    "retain_grad": "leave it out: results keep their gradient, see v.grad",
    "grad_fn": "write v.op and v.inputs",
    "gradient": "write gradients(y, [x]), or y.backward() and x.grad",
    "register_hook": "write a rule of your own with autograd.primitive, or nn.Module.register_full_backward_hook",
    **{f: f"write np.{f}(v)" for f in ("sin", "cos", "tan", "sinh", "cosh", "log1p", "log2", "log10", "expm1")},
    **{f: f"write np.{f}(v)" for f in ("sign", "floor", "ceil", "reciprocal", "isnan", "isfinite", "isinf")},
}  # fmt: skip

# what HIPS autograd, JAX and torch.func call functions
FUNCTIONS = {
    "elementwise_grad": "write grad(lambda x: np.sum(f(x)))",
    "make_vjp": "write vjp(f, x)",
    "make_jvp": "write jvp(f, (x,), (t,))",
    "hessian_vector_product": "write hvp(f)(x, v)",
    "jacrev": "write jacobian(f)",
    "jacfwd": "write jacobian(f)",
    "jit": "write autograd.compile(f)",
    "numpy": "NumPy's own functions take Values: import numpy as np",
    "scipy": "SciPy's special functions take Values: from scipy import special",
    "tensor": "write Value(...)",
    "Tensor": "write Value(...)",
    "Variable": "write Value(...)",
}

# what PyTorch calls the arguments of reductions
ARGUMENTS = {
    "dim": "write axis=",
    "keepdim": "write keepdims=",
    "unbiased": "write ddof=0 or ddof=1",
    "correction": "write ddof=",
}

# functions of other libraries, and of NumPy, that Values are given to: what is written instead
COMPLEX = "keep the real and the imaginary part as two Values"
OUTSIDE = "pass it v.data"
FORMULA = "write its formula with np and autograd.special"
RULE = "give it a rule with autograd.primitive"
WRITTEN = (
    "make it with y = Value(np.zeros(shape), requires_grad=False), and what is written into it is recorded"
)
ROWS = "nested lists of Values are joined row by row: np.stack([np.stack(row) for row in rows])"
DATES = "Values are real numbers: keep dates in plain arrays"
TEXT = "Values are real numbers: keep text in plain arrays"
INSTEAD = {
    "np.fft": f"{COMPLEX}, e.g. np.fft.fft(np.eye(n)).real @ v and np.fft.fft(np.eye(n)).imag @ v",
    "np.stack": ROWS,
    "np.hstack": ROWS,
    "np.vstack": ROWS,
    "np.dstack": ROWS,
    "np.column_stack": ROWS,
    "np.lib.AxisConcatenator": "write np.concatenate([v, w]), or np.column_stack([v, w]) for np.c_",
    "np.full": "write np.ones(shape) * v",
    "np.matrix": "write v itself, and @ for the matrix product",
    "np.ndenumerate": "go over i in np.ndindex(v.shape), and take v[i]",
    "np.asarray_chkfinite": "leave it out; np.all(np.isfinite(v)) is the check",
    "np.lib.as_strided": "write np.lib.stride_tricks.sliding_window_view(v, n)",
    "np.piecewise": "write np.where(condition, x, y)",
    "np.fill_diagonal": "write np.where(np.eye(n, dtype=bool), w, v)",
    "np.vectorize": "call the function on the Value itself: arithmetic and np.f go element by element",
    "np.apply_along_axis": "use axis= of the functions inside",
    "np.polynomial": "write np.polyval(v[::-1], x), or np.polyadd, np.polymul, np.polyder, np.polyfit",
    "np.testing": OUTSIDE,
    **{
        f"np.{f}": DATES
        for f in ("busday_count", "busday_offset", "is_busday", "isnat", "datetime_as_string")
    },
    "np.lib.recfunctions": "Values have no fields: keep each field as a Value of its own, e.g. in a dict",
    "np.char": TEXT,
    "np.strings": TEXT,
    "scipy.special.softmax": "write autograd.special.softmax(v, axis)",
    "scipy.special.log_softmax": "write autograd.special.log_softmax(v, axis)",
    "scipy.special.logsumexp": "write autograd.special.logsumexp(v, axis)",
    "scipy.special.polygamma": "use (-1) ** (n + 1) * math.factorial(n) * scipy.special.zeta(n + 1, v), "
    "or scipy.special.digamma(v) for n = 0",
    "scipy.special.multigammaln": "use d * (d - 1) / 4 * math.log(math.pi) "
    "+ sum(scipy.special.gammaln(v - j / 2) for j in range(d))",
    "scipy.linalg.solve_triangular": "write np.linalg.solve(A, b)",
    "scipy.linalg.cho_solve": "write np.linalg.solve(A, b)",
    "scipy.linalg.cho_factor": "write np.linalg.cholesky(A)",
    **{
        f"scipy.linalg.{f}": f"write np.linalg.{f}"
        for f in ("solve", "inv", "pinv", "det", "cholesky", "qr", "svd", "eigh", "eigvalsh", "lstsq", "norm")
    },
    "scipy.linalg": RULE,
    "scipy.special": RULE,
    "scipy.stats": FORMULA,
    "scipy.sparse": "write S.toarray() @ v, or give it a rule: primitive(lambda g, out, x: S.T @ g)(lambda x: S @ x)",
    "scipy.optimize": "write optim.minimize(f, x0), or pass it v.data",
}


def instead(function: str) -> str:
    """What is written instead of a function of another library, or of NumPy's that has no rule; "" if nothing is known.

    >>> instead("scipy.linalg.inv"), instead("np.sin")
    ('write np.linalg.inv', '')
    >>> instead("np.mean")
    'join Values that are in a list, np.mean(np.stack([...])), and give options as plain numbers'
    """
    name = function
    while name:
        if name in INSTEAD:
            return INSTEAD[name]
        name = name.rpartition(".")[0]
    return (
        f"join Values that are in a list, {function}(np.stack([...])), and give options as plain numbers"
        if takes_values(function)
        else ""
    )


def takes_values(function: str) -> bool:
    """Whether a function of NumPy's, by name, has rules: then a Value was hidden in a list, where NumPy does not look."""
    try:
        found = attrgetter(function.removeprefix("np."))(np) if function.startswith("np.") else None
    except AttributeError:
        return False
    return found in table.FUNCTIONS or found in table.CONSTANT


class Named:
    """An attribute that is not there: AttributeError with what is written instead; hasattr() says False.

    >>> class Box:
    ...     view = Named("write box.reshape(...)")
    >>> hasattr(Box(), "view")
    False
    >>> Box().view
    Traceback (most recent call last):
    AttributeError: a Box has no view; write box.reshape(...)
    """

    def __init__(self, mend: str) -> None:
        self.mend, self.name = mend, ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> NoReturn:
        raise AttributeError(f"a {owner.__name__} has no {self.name}; {self.mend}")


def name_all(owner: type, names: Mapping[str, str]) -> None:
    """Give a class these names, which it does not have."""
    for name, mend in names.items():
        assert held(owner, name) is None, name
        attribute = Named(mend)
        attribute.__set_name__(owner, name)
        setattr(owner, name, attribute)


def listed(names: Iterable[str], owner: type) -> list[str]:
    """The names of an object without those that are not there."""
    return [k for k in names if not isinstance(held(owner, k), Named)]


def held(owner: type, name: str) -> Any:
    """What a class or one it is made from holds under a name."""
    return next((vars(c)[name] for c in owner.__mro__ if name in vars(c)), None)


def check_arguments(
    cls: Any, args: tuple[Any, ...], options: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    """TypeError for an option that other libraries have and the `__init__` of `cls` has not.

    For a `__new__`, which keeps Python from refusing arguments where there is no `__init__`.
    """
    if cls.__init__ is object.__init__ and (args or options):
        raise TypeError(f"{cls.__name__}() takes no arguments")
    foreign = [k for k in options if k in names]
    if foreign:
        known = signature(cls.__init__).parameters
        if any([p.kind is Parameter.VAR_KEYWORD for p in known.values()]):
            return
        for k in foreign:
            if k not in known:
                raise TypeError(f"{cls.__name__}: there is no {k}=; {names[k]}")


def refuse_arguments(given: Mapping[str, Any]) -> NoReturn:
    """TypeError for arguments that a method of Values has not."""
    k = next(iter(given))
    mend = f"; {ARGUMENTS[k]}" if k in ARGUMENTS else "; see its documentation"
    raise TypeError(f"a method of a Value got an unexpected keyword argument {k!r}{mend}")


def missing(
    module: str, name: str, names: Mapping[str, str], here: Iterable[str], inside: Mapping[str, Iterable[str]]
) -> AttributeError:
    """The error for a name that a module has not: another library's, in other letters, or in a module inside.

    inside: names by the module that has them.
    """
    said = f"module {module!r} has no attribute {name!r}"
    alike = [k for k in here if k.lower() == name.lower()]
    places = [f"{m}.{name}" for m, found in inside.items() if name in found]
    if name in names:
        said += f"; {names[name]}"
    elif places or alike:
        said += f"; write {[*places, *[f'{module}.{k}' for k in alike]][0]}"
    return AttributeError(said)
