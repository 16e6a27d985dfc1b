"""`python -m deploy ...` is the command `sonnim ...`."""

from deploy.cli import main

if __name__ == "__main__":
    main()
