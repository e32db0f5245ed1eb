"""`python -m slides VERB`: the machine's commands, each in the module of its name."""

import argparse
import importlib
import sys

VERBS = {
    "present": ("slides.present", "open the talk in the RISE slideshow"),
    "deck": ("slides.build.deck", "build the offline deck"),
    "watch": ("slides.build.watch", "rebuild the deck on save and reload the open page"),
    "pdf": ("slides.build.pdf", "print the deck to a PDF file"),
    "serve": ("slides.serve", "serve the deck on this machine"),
    "production": ("slides.production", "run nginx and supervisord in the foreground"),
    "sync": ("slides.sync", "bring the notebooks' shown code, figures and style up to date"),
    "rules": ("slides.rules", "check the notebooks against the slide rules"),
    "schedule": ("slides.schedule", "print the chapters and their minutes"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return its exit status; only that verb's module is imported."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m slides")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, (module, summary) in VERBS.items():
        subparser = verbs.add_parser(verb, help=summary, description=summary)
        if argv and argv[0] == verb:
            importlib.import_module(module).add_arguments(subparser)
    args = parser.parse_args(argv)
    return importlib.import_module(VERBS[args.verb][0]).run(args)


if __name__ == "__main__":
    sys.exit(main())
