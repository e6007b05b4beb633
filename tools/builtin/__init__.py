"""Built-in tool servers: one small MCP server per module, started as `python -m tools.builtin.<name>`."""
