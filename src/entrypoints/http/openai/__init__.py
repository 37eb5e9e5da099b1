"""OpenAI's speech API, so that its clients speak with this service when their base URL is changed: docs/openai.md.

Source: openai/openai-openapi, commit f85dbe2 (2026-08-21).
"""
