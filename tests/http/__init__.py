"""Tests of the REST service."""  # noqa: A005 - tests.http hides nothing
