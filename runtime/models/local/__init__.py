"""Models in GGUF files, run by llama.cpp in a supervised process of their own.

`chat.LocalChat` and the classes of `embedder` are what the rest of `runtime.models` uses. Behind them `backend` keeps
one child alive and lets callers take turns; `worker` is that child's program, and `native` the only module that loads
llama.cpp.
"""
