"""The pages, one module each. Streamlit would take a folder named `pages` for scripts."""
