"""The same exchange on Python's oslo.messaging, as a service without eventlet has it: native threads, the
`threading` executor.

  side.py server URL       prints "ready", serves until its standard input ends
  side.py PATTERN URL AT_A_TIME WHOLE BYTES
                           sends orders of so many bytes; prints seconds, seconds of processor time, bytes
                           held, and the microseconds that half, nine of ten, 99 of 100 and 999 of 1000
                           messages took at most

PATTERN is calls, casts, notifications, or fan-outs to AT_A_TIME servers, which are in this process as well, or,
when there are more than ten of them, in others that this one starts, whose time and bytes are added.
The scheme of the URL chooses the driver, and its query is what the driver is told besides, as in
`?addressing_mode=routable`: whatever it does not say is as the driver has it by default. The Python is one of
those that `cargo xtask peers` makes: `pika` has the driver for pika://, `amqp1` the one for amqp://, `rabbit`
the one for rabbit://.
"""
from concurrent import futures
import contextlib
import importlib
import itertools
import json
import logging
import math
import os
import sys
import time
import warnings

# Nothing of this run stays in a folder of sources.
sys.dont_write_bytecode = True

import fan  # noqa: E402

# The folders of the tests' peers, by scheme: there stands how to get at a driver.
PEERS = {'pika': 'pika', 'amqp': 'amqp1', 'rabbit': 'rabbit'}
TOPIC = 'orders'
SERVER = 'py1'
FAN_OUTS = 'fan-outs'
PATTERNS = ['calls', 'casts', 'notifications', FAN_OUTS]
# How many requests are handled at a time.
CONCURRENCY = 64
# How many senders send to all servers at a time.
FANNING = 16
# The longest that a call waits for its receipt, in seconds.
TIMEOUT = 60
QUANTILES = [0.5, 0.9, 0.99, 0.999]


def peer_of(url):
    """What the tests' peers know of a URL's driver: `messaging`, and how it is configured."""
    here = os.path.dirname(os.path.abspath(__file__))
    folder = PEERS[url.split(':')[0]]
    sys.path.insert(0, os.path.join(here, '..', '..', 'tests', 'peers', folder))
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
    """What went wrong and was only logged, as a notifier does, which raises nothing."""

    def __init__(self, logger='oslo_messaging.notify'):
        super(Failures, self).__init__(logging.ERROR)
        self.texts = []
        logging.getLogger(logger).addHandler(self)

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
    topic = fan.TOPIC if pattern == FAN_OUTS else TOPIC
    client = peer.rpc_client(transport, messaging.Target(topic=topic))
    if pattern == 'calls':
        client = client.prepare(timeout=TIMEOUT)

        def call(order):
            receipt = client.call({}, 'order', **order)
            if receipt != receipt_of(order):
                raise ValueError('an unexpected receipt: {}'.format(receipt))

        return transport, call
    client = client.prepare(fanout=pattern == FAN_OUTS)
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


@contextlib.contextmanager
def servers_of(peer, url, topic, count):
    """So many servers in this process."""
    listening = connect(peer, url, 'rpc')
    servers = fan.Fan(peer.messaging, listening, topic, count, CONCURRENCY)
    try:
        yield servers
    finally:
        servers.stop()
        listening.cleanup()


@contextlib.contextmanager
def fan_of(peer, url, count):
    """So many servers, in this process if they may be together."""
    if count <= fan.TOGETHER:
        with servers_of(peer, url, fan.TOPIC, count) as servers:
            yield servers
    else:
        servers = fan.Fans(url, count)
        try:
            yield servers
        finally:
            servers.stop()


@contextlib.contextmanager
def runner(peer, pattern, url, at_a_time, size):
    """What sends so many orders of so many bytes, and gives the seconds that each took; and what all this uses
    so far, in seconds of processor time and in bytes."""
    transport, send = sender_of(peer, pattern, url)
    if pattern == FAN_OUTS:
        with fan_of(peer, url, at_a_time) as servers:
            def run(messages):
                took = drive(send, FANNING, messages, size)
                servers.hear(messages)
                return took

            yield run, lambda: [sum(both) for both in zip(fan.used(), servers.used())]
    else:
        yield lambda messages: drive(send, at_a_time, messages, size), fan.used
    transport.cleanup()


def listen(peer, url, topic, count):
    """Holds servers for another process that sends to all of them."""
    with servers_of(peer, url, topic, count) as servers:
        fan.listen(servers)


def measure(peer, pattern, url, at_a_time, whole, size):
    """Warms up with a tenth, then measures."""
    failures = Failures()
    with runner(peer, pattern, url, at_a_time, size) as (run, used):
        run(math.ceil(whole / 10))
        start, (before, _) = time.perf_counter(), used()
        took = run(whole)
        seconds, (after, held) = time.perf_counter() - start, used()
    if failures.texts:
        sys.exit(failures.texts[0])
    took.sort()
    micros = [took[math.ceil(share * whole) - 1] * 1e6 for share in QUANTILES]
    print(seconds, after - before, held, *micros)


def quieten():
    """Lets the libraries tell errors alone: they warn of each caller that has gone, of more senders than they
    have connections, and of many calls at a time."""
    for library in ('oslo_messaging', 'amqp'):
        logging.getLogger(library).setLevel(logging.ERROR)


def main(role=None, url=None, *load):
    if role == 'listen':
        quieten()
        topic, count = load
        return listen(peer_of(url), url, topic, int(count))
    if role == 'server':
        quieten()
        serve(peer_of(url), url)
    elif role in PATTERNS:
        quieten()
        measure(peer_of(url), role, url, *map(int, load))
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(*sys.argv[1:])
