"""Tool calls of a model that is too small to make them by itself.

`helping` is what the rest of `runtime.models` uses. `choice` chooses the tool, `filling` its arguments from the values
that `values` and `numbers` find in the user's text.
"""
