"""One of our programs with one of its functions broken: `python -m tests.broken PROGRAM FUNCTION WORDS...`.

PROGRAM: the module of its command line. FUNCTION: `module:name` or `module:Class:name`; called with whatever it is, it
raises KeyError.
"""

import sys
from importlib import import_module


def boom(*_: object, **__: object) -> None:
    """A defect, with a text that a terminal must not obey."""
    raise KeyError("no such \x1b]0;thing\x07")


if __name__ == "__main__":
    program, function, *words = sys.argv[1:]
    module, *names, last = function.split(":")
    owner = import_module(module)
    for name in names:
        owner = getattr(owner, name)
    main = import_module(program).main
    setattr(owner, last, boom)
    sys.exit(main(words))
