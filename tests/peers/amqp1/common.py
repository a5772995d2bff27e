"""How the peers get at oslo.messaging's driver for AMQP 1.0."""
import warnings

# What the driver is made of is old: each use of it would say so.
warnings.simplefilter('ignore')

from oslo_config import cfg  # noqa: E402
import oslo_messaging as messaging  # noqa: E402
from oslo_messaging._metrics import client as metrics  # noqa: E402
# Where the driver would tell only at its first use what it lacks.
from oslo_messaging._drivers.amqp1_driver import controller  # noqa: E402,F401


def config():
    """A configuration without files; what a test sets stands in the URL."""
    conf = cfg.ConfigOpts()
    conf([], project='busway', prog='peer', default_config_files=[])
    # oslo.messaging registers these with the global configuration, and looks for them in this one.
    conf.register_opts(metrics.oslo_messaging_metrics, group='oslo_messaging_metrics')
    return conf


def rpc_client(transport, target):
    return messaging.get_rpc_client(transport, target)


class _Context(dict):
    """A context that says what of it may be told: of a plain dictionary, notifiers tell nothing."""

    def redacted_copy(self):
        return self


notifier_context = _Context

__all__ = ['config', 'messaging', 'notifier_context', 'rpc_client']
