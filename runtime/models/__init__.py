"""Models: deployments, the router that chooses among them, and one LangChain chat model per kind of deployment.

The engine knows `ports.ModelHub` only; `assembly.open_hub` builds one.
"""
