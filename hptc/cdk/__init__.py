"""The CDK constructs: hptc/infrastructure in, stacks out. Nothing is decided here."""
