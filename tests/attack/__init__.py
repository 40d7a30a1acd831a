"""Attacks on the checker: mutants, forgeries and fuzzed certificates, with one command for each campaign."""
