"""How the peers get at oslo.messaging's pika driver."""
import sys

# pika 0.10 offers an adapter for libev in a file that Python 3.7 cannot parse (`self.async`). Without
# this, pika cannot be imported; with it, it takes the adapter for one that is not installed.
sys.modules['pika.adapters.libev_connection'] = None

from oslo_config import cfg  # noqa: E402
import oslo_messaging as messaging  # noqa: E402
from oslo_messaging._drivers.pika_driver import pika_engine  # noqa: E402


def _let_notifications_be_declared():
    """The driver declares the queues of notifications with an expiration of None, and asks whether
    that is more than 0: Python 2 says no, Python 3 raises TypeError."""
    declare = pika_engine.PikaEngine.declare_queue_binding_by_channel

    def with_a_number(self, channel, exchange, queue, routing_key, exchange_type, queue_expiration,
                      durable):
        return declare(self, channel, exchange, queue, routing_key, exchange_type,
                       queue_expiration or 0, durable)

    pika_engine.PikaEngine.declare_queue_binding_by_channel = with_a_number


_let_notifications_be_declared()


def config():
    """A configuration without files; what a test sets stands in the URL."""
    conf = cfg.ConfigOpts()
    conf([], project='busway', prog='peer', default_config_files=[])
    return conf


def rpc_client(transport, target):
    return messaging.RPCClient(transport, target)


notifier_context = dict

__all__ = ['config', 'messaging', 'notifier_context', 'rpc_client']
