"""Small Tornado programs, one idea each; `python -m demos` lists them."""
