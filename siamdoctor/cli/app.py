"""The whole program with all its commands, for whoever wants to read it: the README's tables, the tests."""

from siamdoctor.cli.commands import assemble

app = assemble()
