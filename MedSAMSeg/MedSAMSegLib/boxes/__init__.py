"""Boxes and points: kept in the scene as markups, asked about, and removed with what they added."""
