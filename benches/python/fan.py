"""Servers that hear what is sent to all of them: in one process, each with a listener of its own."""
from concurrent import futures
import os
import threading

# No other run's: what the queues of servers that have gone still take in would be counted to this one.
TOPIC = 'fan{}'.format(os.getpid())
# After how many seconds what was not heard is lost.
LOST = 60


class Heard(object):
    """How many messages all servers have heard together."""

    def __init__(self):
        self._count = 0
        self._more = threading.Condition()

    def note(self, ctxt, customer, item, count, cents):
        with self._more:
            self._count += 1
            self._more.notify_all()

    def reach(self, count):
        with self._more:
            if not self._more.wait_for(lambda: self._count >= count, LOST):
                raise TimeoutError('{} of {} were heard'.format(self._count, count))


class Fan(object):
    """So many servers on a transport, each of which handles so many requests at a time."""

    def __init__(self, messaging, transport, servers, concurrency):
        self._heard = Heard()
        self._servers = []
        self._sent = 0
        for number in range(servers):
            target = messaging.Target(topic=TOPIC, server='s{}'.format(number))
            server = messaging.get_rpc_server(transport, target, [self._heard], executor='threading')
            server.start(override_pool_size=concurrency)
            self._servers.append(server)

    def hear(self, messages):
        """Waits until each server has heard so many more."""
        self._sent += messages
        self._heard.reach(self._sent * len(self._servers))

    def stop(self):
        def stop(server):
            server.stop()
            server.wait()

        # One after another they take some drivers seconds each.
        with futures.ThreadPoolExecutor(len(self._servers)) as stopping:
            list(stopping.map(stop, self._servers))
