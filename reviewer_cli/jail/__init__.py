"""What stands between us and a program that reads a hostile checkout."""
