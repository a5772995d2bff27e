//! Peers that are no RabbitMQ.

use amq_protocol::frame::AMQPFrame;
use amq_protocol::frame::parsing::parse_frame;
use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::connection::{AMQPMethod, StartOk};
pub(crate) use busway_tests::connecting::{answer, be_silent, peer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Says how the broker begins, and returns how the client goes on.
pub(crate) async fn begin(mut stream: TcpStream) -> StartOk {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await.expect("a header");
    stream.write_all(&start()).await.expect("the client");
    let mut read = Vec::new();
    loop {
        if let Ok((_, frame)) = parse_frame(read.as_slice()) {
            let AMQPFrame::Method(0, AMQPClass::Connection(AMQPMethod::StartOk(ok))) = frame else {
                panic!("not the answer to a start: {frame:?}");
            };
            return ok;
        }
        assert!(stream.read_buf(&mut read).await.expect("the client") > 0);
    }
}

/// The frame `connection.start`.
pub(crate) fn start() -> Vec<u8> {
    let long = |text: &[u8]| {
        let size = u32::try_from(text.len()).expect("short").to_be_bytes();
        [&size[..], text].concat()
    };
    let properties = [0; 4];
    let payload =
        [&[0, 10, 0, 10, 0, 9][..], &properties, &long(b"PLAIN AMQPLAIN"), &long(b"en_US de_DE")]
            .concat();
    [&[1, 0, 0], &long(&payload)[..], &[206]].concat()
}
