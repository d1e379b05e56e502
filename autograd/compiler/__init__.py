"""Trace a function once, run it as generated code: public as `autograd.compile`."""

from autograd.compiler.compiled import Compiled, compile

__all__ = ["Compiled", "compile"]
