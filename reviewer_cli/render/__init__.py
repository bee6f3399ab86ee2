"""Values in, text out; text from outside is made harmless on the way."""
