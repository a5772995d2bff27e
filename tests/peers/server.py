"""An RPC server: server.py URL TOPIC SERVER [EXCHANGE]. The command {"release": true} lets a `wait` end."""
import sys
import threading

from common import config, messaging
from lines import ODD, commands, say


class Endpoint(object):
    def __init__(self, server):
        self.server = server
        self.released = threading.Event()

    def echo(self, ctxt, **args):
        say(ran='echo', args=args, context=ctxt)
        return {'args': args, 'context': ctxt, 'server': self.server}

    def fail(self, ctxt, message):
        say(ran='fail', args={'message': message}, context=ctxt)
        raise ValueError(message)

    def note(self, ctxt, **args):
        say(ran='note', args=args, context=ctxt)

    def odd(self, ctxt):
        return ODD

    def wait(self, ctxt):
        say(ran='wait', args={}, context=ctxt)
        self.released.wait()
        return 'waited'


class Versioned(object):
    target = messaging.Target(namespace='versions', version='1.3')

    def version(self, ctxt):
        return '1.3'


def main(url, topic, name, exchange=None):
    endpoint = Endpoint(name)
    transport = messaging.get_rpc_transport(config(), url=url)
    target = messaging.Target(exchange=exchange, topic=topic, server=name)
    server = messaging.get_rpc_server(transport, target, [endpoint, Versioned()],
                                      executor='threading')
    server.start()
    say(ready=name)
    for _ in commands():
        endpoint.released.set()
    endpoint.released.set()
    server.stop()
    server.wait()
    transport.cleanup()


if __name__ == '__main__':
    main(*sys.argv[1:])
