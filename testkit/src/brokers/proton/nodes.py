"""Queues and topics, made when somebody wants them and gone when nobody does."""
from collections import OrderedDict, deque
import re
import time

TOPICS = ('broadcast', 'openstack.org/om/rpc/multicast', 'openstack.org/om/notify/multicast')
# What dynamic nodes are called; none of these is made by naming it.
DYNAMIC = 'dynamic-'


class Entry(object):
    """A message in a queue."""
    __slots__ = ('order', 'stored', 'failed', 'first', 'not_for')

    def __init__(self, order, stored):
        self.order, self.stored, self.failed, self.first, self.not_for = order, stored, 0, True, ()


class Node(object):
    """What senders send to. `reserved` is the credit that they have: room is kept for it."""

    def __init__(self, nodes, name):
        self.nodes, self.name, self.producers, self.reserved = nodes, name, set(), 0
        self.limit = nodes.limit_of(name)

    def grant(self, most):
        """How much credit one more sender may have: not all of what is left, others may come."""
        free = self.free() - self.reserved
        return max(0, min(most, free // 4 or free))

    def room_made(self):
        for producer in list(self.producers):
            producer.top_up()


class Queue(Node):
    """Each message for one consumer, in turns. What a consumer has not settled belongs to it still."""

    def __init__(self, nodes, name, of=None):
        super().__init__(nodes, name)
        self.ready, self.returned, self.next = deque(), [], 0
        self.consumers, self.held, self.of = deque(), 0, of

    def free(self):
        return self.limit - self.held

    def is_idle(self):
        return not (self.held or self.consumers or self.producers)

    def put(self, stored):
        self.ready.append(Entry(self.next, stored))
        self.next += 1
        self.held += 1
        self.dispatch()

    def put_back(self, entry):
        entry.first = False
        self.returned.append(entry)
        self.returned.sort(key=lambda entry: entry.order)

    def forget(self):
        self.held -= 1
        node = self.of or self
        if node.producers:
            node.room_made()

    def dispatch(self):
        """Gives what is there to those who have credit."""
        passed = []
        now = time.monotonic()
        while any(consumer.wants() for consumer in self.consumers):
            source = self.returned or self.ready
            if not source:
                break
            entry = self.returned.pop(0) if self.returned else self.ready.popleft()
            if entry.stored.has_expired(now):
                self.forget()
                continue
            for _ in range(len(self.consumers)):
                consumer = self.consumers[0]
                self.consumers.rotate(-1)
                if consumer.wants() and consumer not in entry.not_for:
                    consumer.give(entry)
                    break
            else:
                passed.append(entry)
        if passed:
            self.returned = sorted(passed + self.returned, key=lambda entry: entry.order)

    def drop_expired(self, now):
        for name in ('ready', 'returned'):
            entries = getattr(self, name)
            kept = [entry for entry in entries if not entry.stored.has_expired(now)]
            if len(kept) < len(entries):
                setattr(self, name, type(entries)(kept))
                for _ in range(len(entries) - len(kept)):
                    self.forget()


class Topic(Node):
    """A copy for each subscription that is there."""

    def __init__(self, nodes, name):
        super().__init__(nodes, name)
        self.subscriptions = set()

    def free(self):
        return min((queue.free() for queue in self.subscriptions), default=self.limit)

    def is_idle(self):
        return not (self.subscriptions or self.producers)

    def put(self, stored):
        for queue in self.subscriptions:
            queue.put(stored)


class Nodes(object):
    """All nodes, by their names."""

    def __init__(self, limit):
        self.limit, self.limits, self.by_name = limit, OrderedDict(), {}
        self.dynamic = 0

    def limit_of(self, name):
        parts = parts_of(name)
        return next((limit for space, limit in self.limits.items() if space in parts), self.limit)

    def get(self, name):
        """The node of a name, made if need be; none of a dynamic node that is gone."""
        node = self.by_name.get(name)
        if node is None and name and not name.startswith(DYNAMIC):
            topic = any(name == prefix or name.startswith((prefix + '.', prefix + '/'))
                        for prefix in TOPICS)
            node = self.by_name[name] = (Topic if topic else Queue)(self, name)
        return node

    def new_dynamic(self):
        self.dynamic += 1
        name = '%s%d' % (DYNAMIC, self.dynamic)
        node = self.by_name[name] = Queue(self, name)
        return node

    def tidy(self, node):
        """Drops a node that nobody uses."""
        if node.name in self.by_name and not node.name.startswith(DYNAMIC) and node.is_idle():
            del self.by_name[node.name]

    def delete(self, node):
        self.by_name.pop(node.name, None)

    def narrow(self, space, limit):
        """Bounds the nodes of a name space, those that are there and those to come."""
        self.limits[space] = limit
        for node in self.by_name.values():
            node.limit = self.limit_of(node.name)

    def held(self, space):
        """How many messages the nodes of a name space hold."""
        queues = [queue for name, node in self.by_name.items() if not space or space in parts_of(name)
                  for queue in getattr(node, 'subscriptions', (node,))]
        return sum(queue.held for queue in queues)

    def drop_expired(self):
        now = time.monotonic()
        for node in list(self.by_name.values()):
            for queue in getattr(node, 'subscriptions', (node,)):
                queue.drop_expired(now)
            self.tidy(node)


def parts_of(name):
    return re.split('[./]', name)
