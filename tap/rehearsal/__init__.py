"""Deploy an environment to an embedded AWS emulator and check the result."""
