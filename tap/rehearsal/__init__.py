"""Deploys an environment into an embedded AWS emulator and looks at what came up."""
