"""`python -m codegen` is the command `pullback`."""

import sys

from codegen.cli import main

sys.exit(main())
