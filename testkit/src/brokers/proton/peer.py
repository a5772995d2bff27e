"""One connection."""
from proton import Collector, Connection, Event, ProtonException, Terminus, Transport, symbol
import selectors
import time

from links import Consumer, Producer, refuse
from sasl import Handshake

_PIECE = 64 * 1024


class Peer(object):
    """A connection of the engine's, on a socket of ours."""

    def __init__(self, broker, sock):
        self.broker, self.sock = broker, sock
        self.handshake = Handshake(broker)
        self.collector = Collector()
        self.connection = Connection()
        self.connection.collect(self.collector)
        self.transport = Transport(Transport.SERVER)
        self.transport.idle_timeout = broker.idle_timeout
        if broker.max_frame_size:
            self.transport.max_frame_size = broker.max_frame_size
        self.transport.bind(self.connection)
        self.ends = set()
        self.deadline = 0
        self.watched = selectors.EVENT_READ
        self.gone = False

    def wants_to_write(self):
        self.broker.writers.add(self)

    def readable(self):
        try:
            data = self.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            return self.lost()
        if self.handshake:
            if not data:
                return self.lost()
            self.handshake.push(data)
            if self.handshake.done:
                data = self.handshake.rest
            elif self.handshake.failed:
                self._flush_handshake()
                return self.lost()
            else:
                return self.wants_to_write()
        self._feed(data)
        self.wants_to_write()

    def _feed(self, data):
        if not data and not self.handshake:
            self.transport.close_tail()
        while data:
            room = self.transport.capacity()
            if room <= 0:
                break
            try:
                self.transport.push(data[:room])
            except ProtonException:
                break
            data = data[room:]
            self._dispatch()
        self._dispatch()

    def tick(self, now):
        if not self.handshake:
            self.deadline = self.transport.tick(now)
            self._dispatch()
            self.wants_to_write()

    def _flush_handshake(self):
        out = self.handshake.out
        if out:
            try:
                # Some hundred bytes: they fit.
                self.sock.send(out)
            except OSError:
                pass
            self.handshake.out = b''

    def write(self):
        """Writes what the engine has; says in the selector whether there is more."""
        if self.gone:
            return
        if self.handshake:
            self._flush_handshake()
            if not self.handshake.done:
                return
            self.handshake = None
            self.tick(time.time())
        pending = self.transport.pending()
        while pending > 0:
            try:
                sent = self.sock.send(self.transport.peek(pending))
            except BlockingIOError:
                break
            except OSError:
                return self.lost()
            self.transport.pop(sent)
            self._dispatch()
            pending = self.transport.pending()
        if pending < 0 and self.transport.capacity() < 0:
            return self.lost()
        if pending < 0:
            # The engine has said all it will; the other side may now go.
            return self.lost()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if pending > 0 else 0)
        if wanted != self.watched:
            self.watched = wanted
            self.broker.selector.modify(self.sock, wanted, self)

    def _dispatch(self):
        event = self.collector.peek()
        while event:
            handle = _HANDLERS.get(event.type)
            if handle:
                handle(self, event)
            self.collector.pop()
            event = self.collector.peek()

    def lost(self):
        """Ends all of it: what its consumers had comes again."""
        if self.gone:
            return
        self.gone = True
        for end in list(self.ends):
            end.end()
        self.ends.clear()
        self.transport.unbind()
        self.broker.forget(self)

    # What the engine tells.

    def _connection_opened(self, event):
        connection = self.connection
        connection.container = 'busway-proton'
        connection.offered_capabilities = [symbol('ANONYMOUS-RELAY')]
        if self.broker.product is not None:
            connection.properties = {symbol('product'): self.broker.product}
        connection.open()

    def _connection_closed(self, event):
        self.connection.close()

    def _session_opened(self, event):
        event.session.open()

    def _session_closed(self, event):
        for end in [end for end in self.ends if end.link.session == event.session]:
            self._ended(end)
        event.session.close()

    def _link_opened(self, event):
        link = event.link
        terminus = link.remote_source if link.is_sender else link.remote_target
        address = terminus.address
        anonymous = not link.is_sender and not address and terminus.type == Terminus.TARGET
        condition = self.broker.refusals.get(address)
        if condition:
            return refuse(link, condition, 'the broker refuses links to this address')
        if link.is_sender and terminus.dynamic:
            end = Consumer(self, link, self.broker.nodes.new_dynamic(), dynamic=True)
        else:
            node = None if anonymous else self.broker.nodes.get(address)
            if node is None and not anonymous:
                return refuse(link, 'amqp:not-found', 'there is no node %r' % address)
            end = (Consumer if link.is_sender else Producer)(self, link, node)
        link.context = end
        self.ends.add(end)
        end.open()

    def _link_closed(self, event):
        end = getattr(event.link, 'context', None)
        if end:
            self._ended(end)
        event.link.close()

    def _link_detached(self, event):
        end = getattr(event.link, 'context', None)
        if end:
            self._ended(end)
        event.link.detach()

    def _ended(self, end):
        self.ends.discard(end)
        end.end()

    def _link_flow(self, event):
        end = getattr(event.link, 'context', None)
        if event.link.is_sender and end in self.ends:
            end.flow()

    def _delivery(self, event):
        delivery = event.delivery
        end = getattr(delivery.link, 'context', None)
        if end not in self.ends:
            return
        if delivery.link.is_sender:
            if delivery.updated:
                end.updated(delivery)
        elif delivery.readable or delivery.aborted:
            end.delivered(delivery)


_HANDLERS = {
    Event.CONNECTION_REMOTE_OPEN: Peer._connection_opened,
    Event.CONNECTION_REMOTE_CLOSE: Peer._connection_closed,
    Event.SESSION_REMOTE_OPEN: Peer._session_opened,
    Event.SESSION_REMOTE_CLOSE: Peer._session_closed,
    Event.LINK_REMOTE_OPEN: Peer._link_opened,
    Event.LINK_REMOTE_CLOSE: Peer._link_closed,
    Event.LINK_REMOTE_DETACH: Peer._link_detached,
    Event.LINK_FLOW: Peer._link_flow,
    Event.DELIVERY: Peer._delivery,
}
