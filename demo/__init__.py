"""A made-up repository with five branches, and the main job run on it."""
