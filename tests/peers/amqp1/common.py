"""What the peers share: how they get at oslo.messaging, and how they talk to a test.

A peer prints one JSON object a line, reads commands as JSON lines, and ends when its input does.
"""
import datetime
import json
import sys
import threading
import uuid
import warnings

# What the driver is made of is old: each use of it would say so.
warnings.simplefilter('ignore')

from oslo_config import cfg  # noqa: E402
import oslo_messaging as messaging  # noqa: E402
# Where the driver would tell only at its first use what it lacks.
from oslo_messaging._drivers.amqp1_driver import controller  # noqa: E402,F401

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


def config():
    """A configuration without files; what a test sets stands in the URL."""
    conf = cfg.ConfigOpts()
    conf([], project='busway', prog='peer', default_config_files=[])
    return conf


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


__all__ = ['ODD', 'attempt', 'cfg', 'commands', 'config', 'messaging', 'say']
