"""A client on Qpid Proton's engine alone: exchange.py HOST:PORT.

It does what oslo.messaging's driver does with a broker, and prints what came of it."""
import json
import sys

from proton import Message, symbol
from proton.utils import BlockingConnection

QUEUE, TOPIC = 'unicast.vh.openstack.topic', 'broadcast.vh.openstack.topic.all'


def calls(caller, server):
    """Requests to a queue, replies by the anonymous terminus to a node that the broker named."""
    replies = caller.create_receiver(None, dynamic=True, credit=10)
    to_server = caller.create_sender(QUEUE)
    requests = server.create_receiver(QUEUE, credit=10)
    relay = server.create_sender(None)
    answers = []
    for text in ('one', 'two'):
        to_server.send(Message(id=text, reply_to=replies.link.remote_source.address, body=text, ttl=60))
        request = requests.receive()
        requests.accept()
        relay.send(Message(address=request.reply_to, correlation_id=request.id,
                           body='answered: ' + request.body))
        reply = replies.receive()
        replies.accept()
        assert reply.correlation_id == text, reply
        answers.append(reply.body)
    for link in (requests, relay, to_server, replies):
        link.close()
    return answers


def in_order(client):
    sender = client.create_sender(QUEUE)
    for number in range(10):
        sender.send(Message(body=number))
    receiver = client.create_receiver(QUEUE, credit=3)
    numbers = []
    for _ in range(10):
        numbers.append(receiver.receive().body)
        receiver.accept()
    sender.close()
    receiver.close()
    return numbers


def again(client, delivered):
    """Gives a message back, released or modified (which does not say that it failed): how often it failed
    then, and whether it came again."""
    sender = client.create_sender(QUEUE)
    sender.send(Message(body='it'))
    receiver = client.create_receiver(QUEUE, credit=10)
    receiver.receive()
    receiver.release(delivered=delivered)
    message = receiver.receive()
    receiver.accept()
    sender.close()
    receiver.close()
    return [message.delivery_count, message.body == 'it']


def copies(client):
    receivers = [client.create_receiver(TOPIC, credit=10, name='copy-%d' % number) for number in (1, 2)]
    client.create_sender(TOPIC).send(Message(body='copy'))
    return [receiver.receive().body for receiver in receivers]


def large(client):
    sender = client.create_sender(QUEUE)
    receiver = client.create_receiver(QUEUE, credit=1)
    sender.send(Message(body='x' * 1000000))
    length = len(receiver.receive().body)
    receiver.accept()
    return length


def main(address):
    url = 'amqp://' + address
    first, second = BlockingConnection(url, timeout=30), BlockingConnection(url, timeout=30)
    offered = first.conn.remote_offered_capabilities or []
    print(json.dumps({
        'relays': symbol('ANONYMOUS-RELAY') in offered,
        'call': calls(first, second),
        'in order': in_order(first),
        'released': again(first, delivered=False),
        'modified': again(first, delivered=True),
        'copies': copies(first),
        'large': large(second),
    }))
    first.close()
    second.close()


if __name__ == '__main__':
    main(*sys.argv[1:])
