"""Tool calls of a model that is too small to make them by itself; `helping` beside this package puts them together.

`choice` chooses the tool. `filling` chooses the arguments among the values that `spans`, `dates` and `figures` find in
the user's text, by what `features` says for each and what `weights` makes of it.
"""
