"""What the sections share: scene settings, status line, runs under way."""
