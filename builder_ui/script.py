"""What Streamlit runs for each visitor. It runs as a script, so it names its own package in full."""

from importlib import import_module

if __name__ == "__main__":
    import_module("builder_ui.shell").show()
