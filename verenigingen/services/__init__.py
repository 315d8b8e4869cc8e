"""What the app does, in terms of the host port and the pure core."""
