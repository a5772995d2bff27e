"""What a broker says of itself: hello.py HOST:PORT."""
import json
import sys

from proton import symbol
from proton.utils import BlockingConnection


def main(address):
    connection = BlockingConnection('amqp://' + address, timeout=30)
    properties = connection.conn.remote_properties or {}
    print(json.dumps({'product': properties.get(symbol('product'))}))
    connection.close()


if __name__ == '__main__':
    main(*sys.argv[1:])
