"""The same exchange on Python's oslo.messaging, as a service without eventlet has it: native threads, the
`threading` executor.

  side.py server URL       prints "ready", serves until its standard input ends
  side.py PATTERN URL AT_A_TIME WHOLE BYTES
                           sends orders of so many bytes; prints seconds, seconds of processor time, bytes
                           held, and the microseconds that half, nine of ten, 99 of 100 and 999 of 1000
                           messages took at most

PATTERN is calls, casts or notifications. The scheme of the URL chooses the
driver, and its query is what the driver is told besides, as in `?addressing_mode=routable`. The Python is
one of those that `cargo xtask peers` makes: `pika` has the driver for pika://, `amqp1` the one for amqp://,
and the one for rabbit:// where kombu and cachetools are installed as well.
"""
from concurrent import futures
import importlib
import itertools
import json
import logging
import math
import os
import sys
import time
import warnings

# The folders of the tests' peers, by scheme: there stands how to get at a driver.
PEERS = {'pika': 'pika', 'amqp': 'amqp1', 'rabbit': 'amqp1'}
TOPIC = 'orders'
SERVER = 'py1'
PATTERNS = ['calls', 'casts', 'notifications']
# How many requests are handled at a time.
CONCURRENCY = 64
# The longest that a call waits for its receipt, in seconds.
TIMEOUT = 60
QUANTILES = [0.5, 0.9, 0.99, 0.999]


def peer_of(url):
    """What the tests' peers know of a URL's driver: `messaging`, and how it is configured."""
    here = os.path.dirname(os.path.abspath(__file__))
    folder = PEERS[url.split(':')[0]]
    sys.path.insert(0, os.path.join(here, '..', '..', 'tests', 'peers', folder))
    # Nothing of this run stays in their folder.
    sys.dont_write_bytecode = True
    return importlib.import_module('common')


def order_of(count, size):
    """An order with so many bytes of JSON, as far as it can be so small, by the customer's long name."""
    order = {'customer': 'Ada Lovelace', 'item': 'difference engine', 'count': count, 'cents': 1799}
    length = len(json.dumps(order, separators=(',', ':')))
    order['customer'] += 'e' * max(size - length, 0)
    return order


def receipt_of(order):
    return {'item': order['item'], 'cents': order['cents'] * order['count']}


def connect(peer, url, kind):
    """A transport of a kind: `rpc` or `notification`."""
    get = getattr(peer.messaging, 'get_{}_transport'.format(kind))
    # The driver for AMQP 1.0 has it told, at each message, that it is deprecated.
    with warnings.catch_warnings(record=True):
        return get(peer.config(), url=url)


class Orders(object):
    def __init__(self):
        # Unlike `+= 1`, its steps are whole among threads.
        self.noted = itertools.count()

    def order(self, ctxt, **order):
        return receipt_of(order)

    def note(self, ctxt, customer, item, count, cents):
        next(self.noted)


class Notifications(object):
    def info(self, ctxt, publisher_id, event_type, payload, metadata):
        """What there is to do was done: the payload is read."""


def serve(peer, url):
    # The driver for AMQP 1.0 warns of each caller that has gone, again and again.
    logging.getLogger('oslo_messaging').setLevel(logging.ERROR)
    messaging = peer.messaging
    requests = connect(peer, url, 'rpc')
    notifications = connect(peer, url, 'notification')
    servers = [
        messaging.get_rpc_server(requests, messaging.Target(topic=TOPIC, server=SERVER), [Orders()],
                                 executor='threading'),
        messaging.get_notification_listener(notifications, [messaging.Target(topic=TOPIC)],
                                            [Notifications()], executor='threading'),
    ]
    for server in servers:
        server.start(override_pool_size=CONCURRENCY)
    print('ready', flush=True)
    sys.stdin.read()
    for server in servers:
        server.stop()
        server.wait()
    for transport in (requests, notifications):
        transport.cleanup()


class Failures(logging.Handler):
    """What went wrong with notifications: a notifier raises nothing, it only logs."""

    def __init__(self):
        super(Failures, self).__init__(logging.ERROR)
        self.texts = []
        logging.getLogger('oslo_messaging.notify').addHandler(self)

    def emit(self, record):
        self.texts.append(record.getMessage())


def sender_of(peer, pattern, url):
    """A transport, and what sends an order over it."""
    messaging = peer.messaging
    if pattern == 'notifications':
        transport = connect(peer, url, 'notification')
        notifier = messaging.Notifier(transport, publisher_id='bench', driver='messagingv2',
                                      topics=[TOPIC])
        context = peer.notifier_context()
        return transport, lambda order: notifier.info(context, 'order.noted', order)
    transport = connect(peer, url, 'rpc')
    client = peer.rpc_client(transport, messaging.Target(topic=TOPIC))
    if pattern == 'calls':
        client = client.prepare(timeout=TIMEOUT)

        def call(order):
            receipt = client.call({}, 'order', **order)
            if receipt != receipt_of(order):
                raise ValueError('an unexpected receipt: {}'.format(receipt))

        return transport, call
    return transport, lambda order: client.cast({}, 'note', **order)


def drive(send, at_a_time, whole, size):
    """Has so many senders at a time do their shares of the whole; gives the seconds that each message
    took."""
    took = []

    def send_in_turn(number):
        order = order_of(number, size)
        for _ in range(whole // at_a_time + (number < whole % at_a_time)):
            start = time.perf_counter()
            send(order)
            took.append(time.perf_counter() - start)

    with futures.ThreadPoolExecutor(at_a_time) as senders:
        # It is the results that raise what went wrong.
        list(senders.map(send_in_turn, range(min(at_a_time, whole))))
    return took


def resident():
    """The bytes that this process holds."""
    with open('/proc/self/statm') as numbers:
        return int(numbers.read().split()[1]) * os.sysconf('SC_PAGESIZE')


def measure(peer, pattern, url, at_a_time, whole, size):
    """Warms up with a tenth, then measures."""
    failures = Failures()
    transport, send = sender_of(peer, pattern, url)
    drive(send, at_a_time, math.ceil(whole / 10), size)
    start, before = time.perf_counter(), time.process_time()
    took = drive(send, at_a_time, whole, size)
    seconds, cpu = time.perf_counter() - start, time.process_time() - before
    held = resident()
    if failures.texts:
        sys.exit(failures.texts[0])
    took.sort()
    micros = [took[math.ceil(share * whole) - 1] * 1e6 for share in QUANTILES]
    print(seconds, cpu, held, *micros)
    transport.cleanup()


def main(role=None, url=None, *load):
    if role == 'server':
        serve(peer_of(url), url)
    elif role in PATTERNS:
        measure(peer_of(url), role, url, *map(int, load))
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(*sys.argv[1:])
