"""Boxes and points: kept in the scene as markups, asked about, and taken back with what they added."""
