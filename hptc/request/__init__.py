"""The CreateHyperParameterTuningJob request: names, shapes, identity, typed reading."""
