//! Our Open: what the peer is told of us.

use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::Connection;
use fe2o3_amqp::connection::{ConnectionHandle, OpenError};
use fe2o3_amqp::types::definitions::Fields;
use fe2o3_amqp::types::performatives::Open;
use fe2o3_amqp::types::primitives::{Symbol, Value};
use tokio::io::{AsyncRead, AsyncWrite};

/// The largest frame that the peer may send, in bytes.
pub(super) const MAX_FRAME_SIZE: u32 = 64 * 1024;
/// The highest number of a channel: sessions are few.
const CHANNEL_MAX: u16 = 255;
/// The most that our Open may have, head included, in bytes: before it the peer need not take more
/// (AMQP 1.0, part 2.4.1).
const LONGEST: usize = 512 - 8;
/// The most of the program's or the machine's name that is told, in bytes.
const LONGEST_NAME: usize = 64;

/// What the peer is told of us.
#[derive(Clone, Debug)]
pub(super) struct Words {
    container: String,
    hostname: String,
    idle_time_out: Option<u32>,
    properties: Fields,
}

impl Words {
    /// What is told: a name of ours, the virtual host or host, and after how many milliseconds of
    /// silence we hang up.
    pub(super) fn new(
        container: String,
        hostname: String,
        idle_time_out: Option<u32>,
    ) -> Result<Self> {
        let words = Self { container, hostname, idle_time_out, properties: properties() };
        if words.fits() {
            return Ok(words);
        }
        let words = Self { properties: Fields::new(), ..words };
        if words.fits() {
            return Ok(words);
        }
        let message = "container_name and virtual host are longer than AMQP's Open can be";
        Err(Error::new(ErrorKind::Configuration, message))
    }

    fn fits(&self) -> bool {
        let open = Open {
            container_id: self.container.clone(),
            hostname: Some(self.hostname.clone()),
            max_frame_size: MAX_FRAME_SIZE.into(),
            channel_max: CHANNEL_MAX.into(),
            idle_time_out: self.idle_time_out,
            outgoing_locales: None,
            incoming_locales: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties: Some(self.properties.clone()),
        };
        serde_amqp::serialized_size(&open).is_ok_and(|size| size <= LONGEST)
    }

    /// Opens a connection over a stream that is logged in.
    pub(super) async fn open<S>(self, stream: S) -> Result<ConnectionHandle<()>, OpenError>
    where
        S: AsyncRead + AsyncWrite + std::fmt::Debug + Send + Unpin + 'static,
    {
        let mut builder = Connection::builder()
            .container_id(self.container)
            .hostname(self.hostname.as_str())
            .max_frame_size(MAX_FRAME_SIZE)
            .channel_max(CHANNEL_MAX)
            .properties(self.properties);
        if let Some(millis) = self.idle_time_out {
            builder = builder.idle_time_out(millis);
        }
        builder.open_with_stream(stream).await
    }
}

/// What oslo.messaging tells (`process`, `pid`, `node`), and our name.
fn properties() -> Fields {
    let program = std::env::args_os().next();
    let program = program.as_deref().map(std::path::Path::new).and_then(|path| path.file_stem());
    let mut fields = Fields::new();
    let mut tell = |name: &str, value: Value| fields.insert(Symbol::from(name), value);
    tell("product", text("busway"));
    tell("version", text(env!("CARGO_PKG_VERSION")));
    if let Some(program) = program {
        tell("process", text(&program.to_string_lossy()));
    }
    if let Ok(pid) = i64::from(std::process::id()).try_into() {
        tell("pid", Value::Int(pid));
    }
    #[cfg(unix)]
    tell("node", text(&rustix::system::uname().nodename().to_string_lossy()));
    fields
}

fn text(text: &str) -> Value {
    Value::String(text[..text.floor_char_boundary(LONGEST_NAME)].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_or_refused() {
        let open = |size: usize| Words::new("c".repeat(size), "h".to_owned(), Some(1000));
        let product = |words: &Words| words.properties.contains_key(&Symbol::from("product"));
        assert!(product(&open(36).expect("words")));
        assert!(!product(&open(450).expect("words")));
        assert_eq!(open(600).expect_err("too long").kind(), ErrorKind::Configuration);
    }
}
