"""SCRAM by Cyrus SASL, through its library alone. As a program it ends well where that can be done."""
import ctypes
import os
import tempfile

_OK, _CONTINUE = 0, 1
_GET_OPTION, _CREATE = 1, 1
_GetOption = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p,
    ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_uint))


class _Callback(ctypes.Structure):
    _fields_ = [('id', ctypes.c_ulong), ('proc', ctypes.c_void_p), ('context', ctypes.c_void_p)]


class Cyrus(object):
    """The library, with these users in a file of that folder; there is one of it in a process."""

    def __init__(self, folder, users):
        options = {
            b'sasldb_path': os.path.join(folder, 'users.db').encode(),
            b'auxprop_plugin': b'sasldb',
            b'mech_list': b'SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512',
        }

        def get_option(_context, _plugin, option, result, length):
            if option not in options:
                return -1
            result[0] = options[option]
            if length:
                length[0] = len(options[option])
            return _OK

        self.library = ctypes.CDLL('libsasl2.so.2')
        # The library asks again and again: they have to stay.
        self.options, self.get_option = options, _GetOption(get_option)
        proc = ctypes.cast(self.get_option, ctypes.c_void_p)
        self.callbacks = (_Callback * 2)(_Callback(_GET_OPTION, proc, None), _Callback(0, None, None))
        _check(self.library.sasl_server_init(self.callbacks, b'busway'))
        for user, password in users.items():
            password = password.encode()
            _check(self.library.sasl_setpass(
                self.connection(), user.encode(), password, len(password), None, 0, _CREATE))

    def connection(self):
        connection = ctypes.c_void_p()
        _check(self.library.sasl_server_new(
            b'amqp', b'localhost', b'localhost', None, None, None, 0, ctypes.byref(connection)))
        return connection


class Login(object):
    """One client's. Each step gives what is said to the client, and whether it is logged in."""

    def __init__(self, cyrus):
        self.library, self.connection = cyrus.library, cyrus.connection()

    def begin(self, mechanism, said):
        return self._step(self.library.sasl_server_start, mechanism.encode(), said, len(said))

    def go_on(self, said):
        return self._step(self.library.sasl_server_step, said, len(said))

    def _step(self, do, *arguments):
        out, length = ctypes.c_char_p(), ctypes.c_uint()
        code = do(self.connection, *arguments, ctypes.byref(out), ctypes.byref(length))
        if code != _CONTINUE:
            _check(code)
        return ctypes.string_at(out, length.value) if length.value else b'', code == _OK

    def end(self):
        self.library.sasl_dispose(ctypes.byref(self.connection))


def _check(code):
    if code != _OK:
        raise RuntimeError('Cyrus SASL says %d' % code)


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        cyrus = Cyrus(folder, {'user': 'password'})
        for hashed in ('1', '256', '512'):
            Login(cyrus).begin('SCRAM-SHA-' + hashed, b'n,,n=user,r=nonce')
