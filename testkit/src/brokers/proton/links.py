"""The two ends of a queue: those who put messages there, and those who get them."""
from proton import Condition, Delivery, Terminus

from nodes import Topic, Queue

# How many messages a sender may send ahead; half of it used up, it gets the rest again.
WINDOW = 100


def refuse(link, name, description):
    """Attaches a link to nothing and closes it, with the reason."""
    link.open()
    link.condition = Condition(name, description)
    link.close()


class Producer(object):
    """A link whose peer sends, to one node, or by the messages' own addresses."""

    def __init__(self, peer, link, node):
        self.peer, self.link, self.node = peer, link, node
        self.kept = []
        if node:
            node.producers.add(self)

    def open(self):
        link = self.link
        link.target.copy(link.remote_target)
        link.source.copy(link.remote_source)
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.rcv_settle_mode = link.remote_rcv_settle_mode
        link.open()
        self.top_up()

    def top_up(self):
        credit = self.link.credit
        if credit > WINDOW // 2 or self.peer.broker.blocked:
            return
        more = self.node.grant(WINDOW - credit) if self.node else WINDOW - credit
        if more:
            if self.node:
                self.node.reserved += more
            self.link.flow(more)
            self.peer.wants_to_write()

    def delivered(self, delivery):
        """Takes what has come of a delivery."""
        if delivery.aborted:
            self._used()
            delivery.settle()
            return
        if delivery.partial:
            if delivery.pending:
                self.kept.append(self.link.recv(delivery.pending))
            return
        self.kept.append(self.link.recv(delivery.pending) or b'')
        data, self.kept = b''.join(self.kept), []
        self.link.advance()
        self._used()
        outcome = self.peer.broker.take(self.node, data)
        if not delivery.settled:
            _answer(delivery, outcome)
        delivery.settle()
        self.top_up()

    def _used(self):
        if self.node:
            self.node.reserved -= 1

    def end(self):
        if self.node:
            self.node.producers.discard(self)
            self.node.reserved -= max(self.link.credit, 0)
            self.node.room_made()
            self.peer.broker.nodes.tidy(self.node)
            self.node = None


class Consumer(object):
    """A link whose peer receives."""

    def __init__(self, peer, link, node, dynamic=False):
        self.peer, self.link, self.node, self.dynamic = peer, link, node, dynamic
        self.queue = node
        if isinstance(node, Topic):
            self.queue = Queue(node.nodes, node.name, of=node)
            node.subscriptions.add(self.queue)
        self.unsettled, self.tag = {}, 0
        self.presettled = False

    def open(self):
        link = self.link
        link.source.copy(link.remote_source)
        if self.dynamic:
            link.source.address = self.node.name
            link.source.dynamic = True
            link.source.expiry_policy = Terminus.EXPIRE_WITH_LINK
        link.target.copy(link.remote_target)
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.rcv_settle_mode = 0
        self.presettled = link.remote_snd_settle_mode == link.SND_SETTLED
        link.open()
        self.queue.consumers.append(self)

    def wants(self):
        return self.link.credit > 0

    def give(self, entry):
        link = self.link
        self.tag += 1
        delivery = link.delivery(b'%d' % self.tag)
        link.send(entry.stored.to_send(entry.failed, entry.first))
        link.advance()
        if self.presettled:
            delivery.settle()
            self.queue.forget()
        else:
            self.unsettled[delivery.tag] = entry
        self.peer.wants_to_write()

    def flow(self):
        self.queue.dispatch()
        if self.link.drain_mode and self.link.credit:
            self.link.drained()
            self.peer.wants_to_write()

    def updated(self, delivery):
        """Does what the peer says about a message."""
        state = delivery.remote_state
        if not state and not delivery.settled:
            return
        entry = self.unsettled.pop(delivery.tag, None)
        if entry is not None and state in (Delivery.ACCEPTED, Delivery.REJECTED):
            self.queue.forget()
        elif entry is not None:
            if state == Delivery.MODIFIED:
                self._modified(entry, delivery.remote)
            self.queue.put_back(entry)
        delivery.settle()
        self.peer.wants_to_write()
        if entry is not None and self.queue.returned:
            self.queue.dispatch()

    def _modified(self, entry, said):
        entry.failed += bool(said.failed)
        if said.undeliverable:
            entry.not_for += (self,)
        if said.annotations:
            entry.stored = entry.stored.annotated(said.annotations)

    def end(self):
        if self.node is None:
            return
        queue, node, nodes = self.queue, self.node, self.peer.broker.nodes
        if self in queue.consumers:
            queue.consumers.remove(self)
        for entry in self.unsettled.values():
            entry.failed += 1
            queue.put_back(entry)
        self.unsettled, self.node = {}, None
        if queue is not node:
            node.subscriptions.discard(queue)
            node.room_made()
        elif self.dynamic:
            nodes.delete(node)
            for producer in list(node.producers):
                producer.link.condition = Condition('amqp:resource-deleted', 'its receiver is gone')
                producer.link.close()
                producer.peer.wants_to_write()
                producer.end()
        else:
            queue.dispatch()
        nodes.tidy(node)


def _answer(delivery, outcome):
    """Says what has become of a message: None for accepted, or the name of another outcome."""
    if outcome is None:
        delivery.update(Delivery.ACCEPTED)
    elif outcome == 'released':
        delivery.update(Delivery.RELEASED)
    elif outcome.startswith('modified'):
        delivery.local.failed = 'failed' in outcome
        delivery.local.undeliverable = 'undeliverable' in outcome
        delivery.update(Delivery.MODIFIED)
    else:
        delivery.local.condition = Condition(outcome, 'the broker does not take this message')
        delivery.update(Delivery.REJECTED)
