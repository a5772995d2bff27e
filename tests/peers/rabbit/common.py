"""How the benchmarks get at oslo.messaging's driver for rabbit://, on kombu and py-amqp."""
import warnings

# That the executor is named will be an error one day: each server would say so.
warnings.simplefilter('ignore')

from oslo_config import cfg  # noqa: E402
import oslo_messaging as messaging  # noqa: E402
# Where the driver would tell only at its first use what it lacks.
from oslo_messaging._drivers import impl_rabbit  # noqa: E402,F401

# The global configuration, without files: parts of oslo.messaging register their options there alone.
cfg.CONF([], project='busway', prog='peer', default_config_files=[])


def config():
    return cfg.CONF


def rpc_client(transport, target):
    return messaging.get_rpc_client(transport, target)


notifier_context = dict

__all__ = ['config', 'messaging', 'notifier_context', 'rpc_client']
