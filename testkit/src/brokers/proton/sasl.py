"""SASL, as far as a broker for tests needs it: the engine takes PLAIN only with Cyrus SASL."""
import struct

from cyrus import Login
from proton import Data, symbol

_HEADER = b'AMQP\x03\x01\x00\x00'
_BARE = b'AMQP\x00\x01\x00\x00'
_INIT, _CHALLENGE, _RESPONSE = 0x41, 0x42, 0x43
_OK, _REFUSED = 0, 1


class Handshake(object):
    """The part of a connection before the engine's. `out` is to be sent, `rest` is the engine's once
    `done`; `failed` says that the connection ends."""

    def __init__(self, broker):
        self.users, self.anonymous = broker.users, broker.anonymous or not broker.users
        self.scram, self.cyrus, self.login = broker.scram, broker.cyrus, None
        self.out, self.rest, self.done, self.failed, self.greeted = b'', b'', False, False, False

    def push(self, data):
        self.rest += data
        while not (self.done or self.failed) and self._step():
            pass

    def _step(self):
        if not self.greeted:
            return len(self.rest) >= 8 and self._greet()
        if len(self.rest) < 8:
            return False
        size, offset, kind = struct.unpack_from('>IBB', self.rest)
        if not 8 <= size <= 512 or kind != 1:
            self.failed = True
            return False
        if len(self.rest) < size:
            return False
        frame, self.rest = self.rest[4 * offset:size], self.rest[size:]
        self._answer(frame)
        return True

    def _greet(self):
        header, self.greeted = self.rest[:8], True
        if header == _BARE and self.anonymous:
            self.done = True
            return True
        self.out += _HEADER
        if header != _HEADER:
            self.failed = True
            return False
        self.rest = self.rest[8:]
        mechanisms = self.scram or (['PLAIN'] if self.users else [])
        mechanisms = mechanisms + (['ANONYMOUS'] if self.anonymous else [])
        self.out += _frame(0x40, lambda data: _put_symbols(data, mechanisms))
        return True

    def _answer(self, frame):
        try:
            data = Data()
            data.decode(frame)
            data.rewind()
            data.next()
            said = data.get_py_described()
            well = self._is_well(int(said.descriptor), list(said.value) + [None, None])
        except Exception:
            well = False
        if well is None:
            return
        if self.login:
            self.login.end()
        self.out += _frame(0x44, lambda data: data.put_ubyte(_OK if well else _REFUSED))
        self.done, self.failed = well, not well

    def _is_well(self, descriptor, fields):
        """Whether the client is logged in; None while it is not known."""
        if self.login and descriptor == _RESPONSE:
            challenge, done = self.login.go_on(bytes(fields[0]))
        elif descriptor != _INIT or self.login:
            return False
        elif fields[0] in self.scram:
            self.login = Login(self.cyrus)
            challenge, done = self.login.begin(fields[0], bytes(fields[1]))
        else:
            return self._is_welcome(fields[0], fields[1])
        if done:
            return True
        self.out += _frame(_CHALLENGE, lambda data: data.put_binary(challenge))
        return None

    def _is_welcome(self, mechanism, response):
        if mechanism == 'ANONYMOUS':
            return self.anonymous
        if self.scram or mechanism != 'PLAIN' or not response:
            return False
        _, user, password = bytes(response).split(b'\0')
        return self.users.get(user.decode()) == password.decode()


def _frame(descriptor, put):
    data = Data()
    data.put_described()
    data.enter()
    data.put_ulong(descriptor)
    data.put_list()
    data.enter()
    put(data)
    data.exit()
    data.exit()
    body = data.encode()
    return struct.pack('>IBBH', 8 + len(body), 2, 1, 0) + body


def _put_symbols(data, symbols):
    data.put_array(False, Data.SYMBOL)
    data.enter()
    for name in symbols:
        data.put_symbol(symbol(name))
    data.exit()
