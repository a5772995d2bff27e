"""Messages as they are kept: the bytes that came, read as far as a broker has to, and given on as they are
but for the header, which is the broker's to change."""
import struct
import time

import cproton
from proton import Message

_HEADER = b'\x00\x53\x70'
_reader = cproton.pn_message()
# The year 2000, in milliseconds since 1970: what expires before it does not expire, since oslo.messaging takes
# the time from a clock that begins when its machine does.
_AGE = 946684800000


class Stored(object):
    """A message; one of a topic is shared by the subscriptions."""
    __slots__ = ('data', 'rest', 'durable', 'priority', 'failed_before', 'expires', 'to')

    def __init__(self, data):
        # Decoding keeps of the last message what the next one lacks.
        cproton.pn_message_clear(_reader)
        if cproton.pn_message_decode(_reader, data):
            raise ValueError('this is no message of AMQP 1.0')
        self.data = data
        self.rest = data[_length_of_header(data):]
        self.durable = bool(cproton.pn_message_is_durable(_reader))
        self.priority = cproton.pn_message_get_priority(_reader)
        self.failed_before = cproton.pn_message_get_delivery_count(_reader)
        self.to = cproton.pn_message_get_address(_reader)
        ttl = cproton.pn_message_get_ttl(_reader)
        absolute = cproton.pn_message_get_expiry_time(_reader)
        now = time.monotonic()
        ends = [now + ttl / 1000] if ttl else []
        if absolute >= _AGE:
            ends.append(now + absolute / 1000 - time.time())
        self.expires = min(ends) if ends else None

    def has_expired(self, now):
        return self.expires is not None and self.expires <= now

    def to_send(self, failed, first):
        """The bytes for a consumer: with the deliveries that failed, and the time that is left."""
        if not failed and first and self.expires is None:
            return self.data
        left = None
        if self.expires is not None:
            left = min(max(1, int((self.expires - time.monotonic()) * 1000)), 0xffffffff)
        header = _HEADER + b'\xc0\x00\x05' + (b'\x41' if self.durable else b'\x42')
        header += struct.pack('>BB', 0x50, self.priority)
        header += b'\x40' if left is None else struct.pack('>BI', 0x70, left)
        header += b'\x41' if first else b'\x42'
        header += struct.pack('>BI', 0x70, self.failed_before + failed)
        # The size counts what comes after it.
        size = len(header) - len(_HEADER) - 2
        return header[:4] + bytes([size]) + header[5:] + self.rest

    def annotated(self, annotations):
        """A copy with more annotations."""
        message = Message()
        message.decode(self.data)
        message.annotations = {**(message.annotations or {}), **annotations}
        copy = Stored(message.encode())
        copy.expires = self.expires
        return copy


def _length_of_header(data):
    if data[:3] != _HEADER:
        return 0
    if data[3] == 0x45:
        return 4
    if data[3] == 0xc0:
        return 5 + data[4]
    if data[3] == 0xd0:
        return 8 + struct.unpack_from('>I', data, 4)[0]
    raise ValueError('the header is no list')
