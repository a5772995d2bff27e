//! Peers that are no broker, and the frames of SASL for them.

use std::io;

pub(crate) use busway_tests::connecting::{answer, be_silent, peer};
use fe2o3_amqp::frames::sasl::Frame;
use fe2o3_amqp::types::performatives::Open;
use fe2o3_amqp::types::primitives::{Array, Symbol};
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit, SaslMechanisms, SaslOutcome};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(crate) const SASL: &[u8; 8] = b"AMQP\x03\x01\0\0";
pub(crate) const AMQP: &[u8; 8] = b"AMQP\0\x01\0\0";

/// A stream of any kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

async fn read_frame(stream: &mut impl Stream) -> io::Result<Vec<u8>> {
    let size = usize::try_from(stream.read_u32().await?).expect("small");
    let mut frame = vec![0; size - 4];
    stream.read_exact(&mut frame).await?;
    Ok(frame.split_off(4))
}

pub(crate) async fn read_sasl(stream: &mut impl Stream) -> io::Result<Frame> {
    let body = read_frame(stream).await?;
    serde_amqp::from_slice(&body).map_err(io::Error::other)
}

pub(crate) async fn write_sasl(stream: &mut impl Stream, frame: &Frame) -> io::Result<()> {
    let body = serde_amqp::to_vec(frame).map_err(io::Error::other)?;
    let size = u32::try_from(body.len() + 8).expect("short").to_be_bytes();
    stream.write_all(&[&size[..], &[2, 1, 0, 0], &body].concat()).await?;
    stream.flush().await
}

/// The peer's side of a login, up to what the client says first.
pub(crate) async fn offer(stream: &mut impl Stream, mechanisms: &[&str]) -> io::Result<SaslInit> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    assert_eq!(&header, SASL);
    stream.write_all(SASL).await?;
    let mechanisms: Vec<Symbol> = mechanisms.iter().map(|it| Symbol::from(*it)).collect();
    let offer = SaslMechanisms { sasl_server_mechanisms: Array::from(mechanisms) };
    write_sasl(stream, &Frame::Mechanisms(offer)).await?;
    match read_sasl(stream).await? {
        Frame::Init(init) => Ok(init),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// What a login comes to.
pub(crate) async fn outcome(
    stream: &mut impl Stream,
    code: SaslCode,
    additional_data: Option<Vec<u8>>,
) -> io::Result<()> {
    let additional_data = additional_data.map(Into::into);
    write_sasl(stream, &Frame::Outcome(SaslOutcome { code, additional_data })).await
}

/// Takes anybody, and returns what the client's Open says.
pub(crate) async fn hear_open(stream: &mut impl Stream) -> io::Result<Open> {
    offer(stream, &["ANONYMOUS"]).await?;
    outcome(stream, SaslCode::Ok, None).await?;
    stream.read_exact(&mut [0; 8]).await?;
    stream.write_all(AMQP).await?;
    let body = read_frame(stream).await?;
    serde_amqp::from_slice(&body).map_err(io::Error::other)
}
