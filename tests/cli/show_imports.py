"""A program that runs one command and then says which heavy packages it loaded, and its exit code."""

SHOW_IMPORTS = """
import sys
from siamdoctor.cli import main
code = 0
try:
    main(sys.argv[1:])
except SystemExit as stopped:
    code = stopped.code or 0
heavy = [name for name in ("tensorflow", "keras", "torch") if name in sys.modules]
sys.stderr.write(f"\\nheavy={heavy} code={code}\\n")
"""
