"""The compiler: a bundle and a snapshot of the host's resources in, a checked app or named diagnostics out."""

from .assembly import Compilation, compile_bundle

__all__ = ["Compilation", "compile_bundle"]
