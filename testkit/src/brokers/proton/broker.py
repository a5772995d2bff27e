"""A broker on Apache Qpid Proton's engine, for tests: broker.py PORT OPTIONS.

It says {"ready": true} on its output when it takes connections, answers each command, a JSON object on
a line of its input, with a line, and ends when its input does. OPTIONS is a JSON object of `product`,
`users` (passwords by name), `scram` (the mechanisms of theirs, by Cyrus SASL), `anonymous`, `messages` (that
a queue holds), `idle_timeout` in seconds, and `max_frame_size`.

Every address is that of a queue, but for those that begin as `TOPICS` in nodes.py.
"""
import json
import os
import selectors
import socket
import sys
import time

from cyrus import Cyrus
from links import WINDOW
from message import Stored
from nodes import Nodes
from peer import Peer

# How often what has expired is looked for.
_TIDY = 1.0


class Broker(object):
    def __init__(self, port, options):
        self.product = options.get('product')
        self.users = options.get('users', {})
        self.anonymous = options.get('anonymous', False)
        self.scram, folder = options.get('scram', []), os.path.dirname(os.path.abspath(__file__))
        self.cyrus = Cyrus(folder, self.users) if self.scram else None
        self.idle_timeout = options.get('idle_timeout', 0)
        self.max_frame_size = options.get('max_frame_size', 0)
        self.nodes = Nodes(options.get('messages', 10000))
        self.refusals, self.outcomes, self.blocked = {}, {}, False
        self.peers, self.writers = set(), set()
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(('127.0.0.1', port))
        self.listener.listen(1024)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.commands = b''
        os.set_blocking(0, False)
        self.selector.register(0, selectors.EVENT_READ, self)

    def run(self):
        tidy_at = 0
        while True:
            now = time.time()
            due = [peer for peer in self.peers if peer.deadline and peer.deadline <= now]
            for peer in due:
                peer.tick(now)
            if now >= tidy_at:
                self.nodes.drop_expired()
                tidy_at = now + _TIDY
            self._write()
            wake = min([tidy_at] + [peer.deadline for peer in self.peers if peer.deadline])
            for key, events in self.selector.select(max(0, wake - time.time())):
                if key.data is None:
                    self._accept()
                elif key.data is self:
                    if not self._commanded():
                        return
                elif events & selectors.EVENT_READ and not key.data.gone:
                    key.data.readable()
                else:
                    self.writers.add(key.data)

    def _write(self):
        while self.writers:
            writers, self.writers = self.writers, set()
            for peer in writers:
                peer.write()

    def _accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer(self, sock)
        self.peers.add(peer)
        self.selector.register(sock, selectors.EVENT_READ, peer)

    def forget(self, peer):
        self.peers.discard(peer)
        self.selector.unregister(peer.sock)
        peer.sock.close()

    def take(self, node, data):
        """Takes a message; its outcome is None when it was accepted."""
        try:
            stored = Stored(data)
        except ValueError:
            return 'amqp:decode-error'
        relayed = node is None
        if relayed:
            node = self.nodes.get(stored.to)
            if node is None:
                return 'amqp:not-found'
        outcomes = self.outcomes.get(node.name)
        if outcomes:
            return outcomes.pop(0)
        if node.free() <= 0:
            # Only who has no node of its own sends without asking for room.
            return 'released'
        node.put(stored)
        return None

    # Commands.

    def _commanded(self):
        try:
            data = os.read(0, 65536)
        except BlockingIOError:
            return True
        if not data:
            return False
        *lines, self.commands = (self.commands + data).split(b'\n')
        for line in lines:
            try:
                answer = {'result': self._obey(json.loads(line))}
            except Exception as error:
                answer = {'error': repr(error)}
            print(json.dumps(answer), flush=True)
        return True

    def _obey(self, command):
        """`held` counts, `narrow` bounds, both in a `space`: the virtual host in the addresses; `answer`
        says with which `outcomes` the next messages for an `address` are refused, and `refuse` with
        which `condition` links to it are, if any; `block` says whether no credit is given."""
        do = command['do']
        if do == 'held':
            return self.nodes.held(command['space'])
        if do == 'narrow':
            return self.nodes.narrow(command['space'], command['messages'])
        if do == 'answer':
            self.outcomes[command['address']] = command['outcomes']
        elif do == 'refuse':
            self.refusals[command['address']] = command['condition']
        elif do == 'block':
            self.blocked = command['on']
            for peer in self.peers:
                for end in peer.ends:
                    if not end.link.is_sender:
                        end.top_up()
        else:
            raise ValueError('there is no command %r' % do)
        return None


if __name__ == '__main__':
    broker = Broker(int(sys.argv[1]), json.loads(sys.argv[2]))
    print(json.dumps({'ready': True}), flush=True)
    broker.run()
