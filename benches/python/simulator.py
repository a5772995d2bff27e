"""oslo.messaging's own simulator, `tools/simulator.py` of its source distribution, in the roles of side.py, whose
arguments and output these are: `server`, `calls`, `casts`, `notifications`.

Messages are made, sent, answered and counted by the simulator, on eventlet's green threads, as it has it by
default. What is here besides: it serves calls and notifications in one process, sends messages of a given size,
warms up with a tenth, and has each message timed. It counts by the second itself, knows no percentiles, and of what
is not answered no end. `cargo xtask peers` brings it to the environment that this runs in.
"""
import importlib.util
import json
import math
import os
import sys
import time
import warnings

# Nothing of this run stays in a folder of sources.
sys.dont_write_bytecode = True


def load():
    """The simulator, which has to come before all that eventlet is to change."""
    path = os.path.join(sys.prefix, 'simulator', 'simulator.py')
    spec = importlib.util.spec_from_file_location('oslo_simulator', path)
    module = importlib.util.module_from_spec(spec)
    # That eventlet is deprecated is known.
    with warnings.catch_warnings(record=True):
        spec.loader.exec_module(module)
    return module


simulator = load()

import eventlet.tpool  # noqa: E402
import fan  # noqa: E402
import side  # noqa: E402

# A single letter: to a notify-client of oslo.messaging 5.36, each letter of its topic is a topic.
TOPIC = 's'
SERVER = 'simulator'
PATTERNS = ['calls', 'casts', 'notifications']
# What the simulator does not wait between messages, nor before an answer.
NO_WAIT = -1


def target_of(peer):
    return peer.messaging.Target(topic=TOPIC, server=SERVER)


def serve(peer, url):
    servers = []

    def start(server, duration=None):
        """In place of what runs one server until it has ended."""
        server.start()
        servers.append(server)

    simulator.run_server = start
    requests, notifications = side.connect(peer, url, 'rpc'), side.connect(peer, url, 'notification')
    simulator.rpc_server(requests, target_of(peer), NO_WAIT, 'eventlet', None)
    simulator.notify_server(notifications, TOPIC, NO_WAIT, None, False)
    print('ready', flush=True)
    # In a thread of its own, as the green ones go on meanwhile.
    eventlet.tpool.execute(sys.stdin.read)
    for server in servers:
        server.stop()
        server.wait()
    for transport in (requests, notifications):
        transport.cleanup()


def spawn(peer, pattern, transport, at_a_time, each):
    """Has so many of the simulator's clients send so many messages each."""
    if pattern == 'notifications':
        simulator.spawn_notify_clients(at_a_time, TOPIC, transport, each, NO_WAIT, side.TIMEOUT, None)
    else:
        simulator.spawn_rpc_clients(at_a_time, transport, [target_of(peer)], NO_WAIT, side.TIMEOUT,
                                    pattern == 'casts', each, None, None)


def clocks():
    """The time, and the processor time of this process, in seconds."""
    return time.perf_counter(), time.process_time()


def timed(failures):
    """The clocks before and after each message, from now on. Nobody goes on after a failure: of messages that are
    not answered, each would be waited for."""
    times, send = [], simulator.Client.send_msg

    def send_msg(client):
        before = clocks()
        send(client)
        times.append((before, clocks()))
        if failures.texts:
            simulator.IS_RUNNING = False

    simulator.Client.send_msg = send_msg
    return times


def settle():
    """Lets what counts for clients that are done go, each second once more; ends when a second begins, so that
    the clients that follow, each of which waits for the next one, all begin with the same."""
    simulator.IS_RUNNING = False
    time.sleep(2 - time.time() % 1)
    simulator.IS_RUNNING = True


def measure(peer, pattern, url, at_a_time, whole, size):
    # The simulator, too, only logs what went wrong.
    failures = side.Failures('')
    times = timed(failures)
    transport = side.connect(peer, url, 'notification' if pattern == 'notifications' else 'rpc')
    simulator.MESSAGES.append('m' * len(json.dumps(side.order_of(0, size))))

    def run(messages):
        del times[:]
        spawn(peer, pattern, transport, at_a_time, math.ceil(messages / at_a_time))
        if failures.texts:
            sys.exit(failures.texts[0])

    run(math.ceil(whole / 10))
    settle()
    run(whole)
    report(times, whole)
    transport.cleanup()


def report(times, whole):
    """Prints what side.py does."""
    starts, ends = zip(*times)
    (first, first_cpu), (last, last_cpu) = min(starts), max(ends)
    # Its clients send equally many, so some more than the whole.
    share = whole / len(times)
    took = sorted(end - start for (start, _), (end, _) in times)
    micros = [took[math.ceil(quantile * len(took)) - 1] * 1e6 for quantile in side.QUANTILES]
    _, held = fan.used()
    print((last - first) * share, (last_cpu - first_cpu) * share, held, *micros, flush=True)


def main(role=None, url=None, *numbers):
    side.quieten()
    if role == 'server':
        serve(side.peer_of(url), url)
    elif role in PATTERNS:
        measure(side.peer_of(url), role, url, *map(int, numbers))
    else:
        sys.exit(__doc__)
    # What counts by the second ends after the next one.
    simulator.IS_RUNNING = False


if __name__ == '__main__':
    main(*sys.argv[1:])
