"""How a peer talks to a test: it prints one JSON object a line, reads commands as JSON lines, and ends when
its input does.
"""
import datetime
import json
import sys
import threading
import uuid

# Values that JSON lacks.
ODD = {'when': datetime.datetime(2026, 1, 2, 3, 4, 5, 678000), 'id': uuid.UUID(int=7), 'some': {1}}
_printing = threading.Lock()


def say(**fields):
    """Prints a line for the test."""
    with _printing:
        print(json.dumps(fields), flush=True)


def commands():
    """The test's lines, until it says no more."""
    for line in sys.stdin:
        yield json.loads(line)


def attempt(do):
    """What came of something, as a line: `result`, or the `error` with its class and bases."""
    try:
        return {'result': do()}
    except Exception as error:
        return {'error': {
            'class': type(error).__name__,
            'bases': [base.__name__ for base in type(error).__mro__],
            'module': getattr(error, 'module', None),
            'exc_type': getattr(error, 'exc_type', None),
            'text': str(error),
        }}
