"""A notification listener: listener.py URL TOPIC [POOL]. What has the event type `again` is put back
the first time."""
import sys

from common import config, messaging
from lines import commands, say

PRIORITIES = ['audit', 'debug', 'info', 'warn', 'error', 'critical', 'sample']


class Endpoint(object):
    def __init__(self):
        self.put_back = False

    def heard(self, priority, context, publisher_id, event_type, payload, metadata):
        say(priority=priority, context=context, publisher_id=publisher_id, event_type=event_type,
            payload=payload, metadata=metadata)
        if event_type == 'again' and not self.put_back:
            self.put_back = True
            return messaging.NotificationResult.REQUEUE
        return messaging.NotificationResult.HANDLED


def of(priority):
    def method(self, *told):
        return self.heard(priority, *told)
    return method


for priority in PRIORITIES:
    setattr(Endpoint, priority, of(priority))


def main(url, topic, pool=None):
    transport = messaging.get_notification_transport(config(), url=url)
    listener = messaging.get_notification_listener(
        transport, [messaging.Target(topic=topic)], [Endpoint()], executor='threading',
        allow_requeue=True, pool=pool)
    listener.start()
    say(ready=topic)
    for _ in commands():
        pass
    listener.stop()
    listener.wait()
    transport.cleanup()


if __name__ == '__main__':
    main(*sys.argv[1:])
