"""What runs in the child, before the program and outside its walls; standard library only."""
