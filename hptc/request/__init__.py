"""The CreateHyperParameterTuningJob request: names, emission, shapes, identity, and its typed reading."""
