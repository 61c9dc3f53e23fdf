"""The functions that emitted modules take with them, as text: real Python, checked as such."""
