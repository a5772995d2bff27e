"""Servers that hear what is sent to all of them, each with a listener of its own: ten in this process, or more
of them in processes of ten."""
from concurrent import futures
import os
import subprocess
import sys
import threading
import time

# No other run's: what the queues of servers that have gone still take in would be counted to this one.
TOPIC = 'fan{}'.format(os.getpid())
# After how many seconds what was not heard is lost.
LOST = 60
# The most servers of a process: among a hundred, each with a thread for each request, the driver for pika misses
# its heartbeats and loses messages.
TOGETHER = 10


def used():
    """The seconds of processor time that this process has used, and the bytes that it holds."""
    with open('/proc/self/statm') as numbers:
        return time.process_time(), int(numbers.read().split()[1]) * os.sysconf('SC_PAGESIZE')


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
    """So many servers of a topic on a transport, each of which handles so many requests at a time."""

    def __init__(self, messaging, transport, topic, servers, concurrency):
        self._heard = Heard()
        self._servers = []
        self._sent = 0
        for number in range(servers):
            target = messaging.Target(topic=topic, server='s{}-{}'.format(os.getpid(), number))
            server = messaging.get_rpc_server(transport, target, [self._heard], executor='threading')
            server.start(override_pool_size=concurrency)
            self._servers.append(server)

    def hear(self, messages):
        """Waits until each server has heard so many more."""
        self._sent += messages
        self._heard.reach(self._sent * len(self._servers))

    def used(self):
        """What others use besides this process: nothing."""
        return 0, 0

    def stop(self):
        def stop(server):
            server.stop()
            server.wait()

        # One after another they take some drivers seconds each.
        with futures.ThreadPoolExecutor(len(self._servers)) as stopping:
            list(stopping.map(stop, self._servers))


class Fans(object):
    """So many servers in processes of their own, each of which is a side.py that listens."""

    def __init__(self, url, servers):
        side = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'side.py')
        self._processes = []
        self._used = 0, 0
        for first in range(0, servers, TOGETHER):
            count = str(min(TOGETHER, servers - first))
            self._processes.append(subprocess.Popen([sys.executable, side, 'listen', url, TOPIC, count],
                                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                    universal_newlines=True))
        self._answers()

    def _answers(self):
        """Waits for each process, and notes what they have used together."""
        lines = [process.stdout.readline().split() for process in self._processes]
        if not all(lines):
            raise RuntimeError('a process of servers has ended')
        self._used = sum(float(cpu) for cpu, _ in lines), sum(int(held) for _, held in lines)

    def hear(self, messages):
        """Waits until each server has heard so many more."""
        for process in self._processes:
            process.stdin.write('{}\n'.format(messages))
            process.stdin.flush()
        self._answers()

    def used(self):
        """What they had used when they had heard all."""
        return self._used

    def stop(self):
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            process.wait()


def listen(fan):
    """Does for another process what `Fans` asks for, until its standard input ends."""
    print(*used(), flush=True)
    for line in sys.stdin:
        fan.hear(int(line))
        print(*used(), flush=True)
