//! What may help, by the kind of what went wrong.

use busway::{Error, ErrorKind, RemoteKind};

/// The hint for an error, where there is one that always fits; commands know better ones.
pub(crate) fn of(error: &Error) -> Option<String> {
    let hint = match error.kind() {
        ErrorKind::InvalidUrl => {
            "a URL is scheme://[user[:password]@]host[:port][,…]/vhost[?option=value]; \
             percent-encode what is special in a user or a password (@ is %40, / is %2F)"
        }
        ErrorKind::UnknownScheme => "`busway drivers` lists the schemes and what they can do",
        ErrorKind::Configuration if error.message().starts_with("no bus is named") => {
            "name it with --url, or see `busway config sample`; `busway demo` needs none"
        }
        ErrorKind::Configuration if error.get("url").is_some() => {
            "`busway drivers` lists the options that the query of a URL may have"
        }
        ErrorKind::Configuration => {
            "`busway config check FILE` shows what is understood from where; \
             `busway config sample` lists every option"
        }
        ErrorKind::Unsupported => "`busway drivers` shows what each driver can do",
        ErrorKind::Timeout => {
            "a longer --timeout gives the other side more time; `busway check` shows whether the \
             bus itself answers"
        }
        ErrorKind::Connection => "`busway check URL` goes through the connection step by step",
        ErrorKind::Refused => {
            "check user, password, virtual host and permissions; `busway check URL` shows how far \
             it gets"
        }
        ErrorKind::InDoubt => "what was sent may have run: find out before sending it again",
        ErrorKind::Full => "nobody takes messages as fast as they come: are the consumers alive?",
        ErrorKind::LimitExceeded => {
            "max_body_size and max_body_depth in [DEFAULT] set what is sent and read"
        }
        ErrorKind::Internal => "this is a defect of Busway: please report it, with -vv's output",
        ErrorKind::Remote => return remote(error),
        _ => return None,
    };
    Some(hint.to_owned())
}

fn remote(error: &Error) -> Option<String> {
    let hint = match error.remote()?.kind() {
        RemoteKind::NoSuchMethod => "the server has no such method: check its spelling",
        RemoteKind::UnsupportedVersion => {
            "the server serves another namespace or version: see --namespace and --version"
        }
        RemoteKind::InvalidArguments => {
            "arguments are key=value, where the value is JSON if it is JSON and a string otherwise"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
