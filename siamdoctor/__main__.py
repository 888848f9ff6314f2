"""`python -m siamdoctor` is the command `siamdoctor`."""

from siamdoctor.cli import main

if __name__ == "__main__":
    main()
