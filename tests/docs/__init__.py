"""docs: the documentation is a contract, and these tests hold the code to it."""
