"""An RPC client: client.py URL TOPIC.

A command is {"do": "call" or "cast", "method": …, "args": {…}, "context": {…}, "prepare": {…}}; the
answer has `result`, or `error`. With "odd": true the arguments have values that JSON lacks as well. With
"numbers": N it is done N times at once, with an argument `number` from 0 on, and the answer has `all`.
"""
from concurrent import futures
import sys

from common import config, messaging, rpc_client
from lines import ODD, attempt, commands, say


def main(url, topic):
    transport = messaging.get_rpc_transport(config(), url=url)
    client = rpc_client(transport, messaging.Target(topic=topic))
    say(ready=topic)
    for command in commands():
        prepared = client.prepare(**command.get('prepare', {}))
        send = getattr(prepared, command['do'])
        context, args = command.get('context', {}), command.get('args', {})
        if command.get('odd'):
            args.update(ODD)

        def do(**more):
            return attempt(lambda: send(context, command['method'], **dict(args, **more)))

        if 'numbers' in command:
            with futures.ThreadPoolExecutor(16) as pool:
                say(all=list(pool.map(lambda number: do(number=number), range(command['numbers']))))
        else:
            say(**do())
    transport.cleanup()


if __name__ == '__main__':
    main(*sys.argv[1:])
