"""`python -m benchmarks.arm KIND PORT`: an ill-behaved arm in a process of its own."""

import sys
import threading

from tests.support.arms import running_arm


def main() -> None:
    kind, port = sys.argv[1], int(sys.argv[2])
    with running_arm(kind, port=port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
