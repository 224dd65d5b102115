"""Tuning jobs between specs and a service: decide, submit, plan, apply, history."""
