"""What stands in for the operating system when a program runs in a browser's tab."""
