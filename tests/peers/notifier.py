"""A notifier: notifier.py URL TOPIC [DRIVER].

A command is {"priority": …, "event_type": …, "payload": …, "context": {…}}; the answer has `result`,
or `error`.
"""
import sys

from common import config, messaging, notifier_context
from lines import attempt, commands, say


def main(url, topic, driver='messaging'):
    transport = messaging.get_notification_transport(config(), url=url)
    notifier = messaging.Notifier(transport, publisher_id='python.peer', driver=driver,
                                  topics=[topic])
    say(ready=topic)
    for command in commands():
        notify = getattr(notifier, command['priority'])
        context = notifier_context(command.get('context', {}))
        say(**attempt(lambda: notify(context, command['event_type'], command['payload'])))
    transport.cleanup()


if __name__ == '__main__':
    main(*sys.argv[1:])
