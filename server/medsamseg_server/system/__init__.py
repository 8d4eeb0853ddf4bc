"""The ground that everything else stands on: folders, files, locks, memory."""
