"""Tests of the queries from the command line."""
