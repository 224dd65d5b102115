"""Generates JSON Schemas, skeletons, projects and documentation."""
