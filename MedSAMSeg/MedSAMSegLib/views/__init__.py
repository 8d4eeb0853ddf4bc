"""What happens in slice views: pointer tools, outlines, and which slice is shown."""
