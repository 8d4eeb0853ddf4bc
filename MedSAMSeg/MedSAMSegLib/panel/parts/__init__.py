"""Widgets and interactions that sections are made of."""
