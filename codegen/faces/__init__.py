"""What people meet: the command, notebooks, and the writing of files."""
