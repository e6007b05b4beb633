"""The host: engines, storage, access, models, server and command line.

Importing this package does one thing: it switches LangGraph's strict msgpack mode on, because
LangGraph reads the variable when it is first imported and otherwise runs constructors that a
checkpoint row names.
"""

import os

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
