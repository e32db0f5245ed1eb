"""The machine of the talk: presents, builds, checks and serves the notebooks in ../notebooks."""
