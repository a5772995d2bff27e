"""What the peers share: how they get at oslo.messaging's pika driver, and how they talk to a test.

A peer prints one JSON object a line, reads commands as JSON lines, and ends when its input does.
"""
import datetime
import json
import sys
import threading
import uuid

# pika 0.10 offers an adapter for libev in a file that Python 3.7 cannot parse (`self.async`). Without
# this, pika cannot be imported; with it, it takes the adapter for one that is not installed.
sys.modules['pika.adapters.libev_connection'] = None

from oslo_config import cfg  # noqa: E402
import oslo_messaging as messaging  # noqa: E402
from oslo_messaging._drivers.pika_driver import pika_engine  # noqa: E402


def _let_notifications_be_declared():
    """The driver declares the queues of notifications with an expiration of None, and asks whether
    that is more than 0: Python 2 says no, Python 3 raises TypeError."""
    declare = pika_engine.PikaEngine.declare_queue_binding_by_channel

    def with_a_number(self, channel, exchange, queue, routing_key, exchange_type, queue_expiration,
                      durable):
        return declare(self, channel, exchange, queue, routing_key, exchange_type,
                       queue_expiration or 0, durable)

    pika_engine.PikaEngine.declare_queue_binding_by_channel = with_a_number


_let_notifications_be_declared()
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
