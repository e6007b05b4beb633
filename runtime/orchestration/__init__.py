"""The orchestration engine: runs compiled apps durably on LangGraph, with a journal, budgets and people in the loop."""
