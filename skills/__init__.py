"""Capabilities that instruct: folders with a SKILL.md, loaded step by step."""
