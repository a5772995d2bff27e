//! The frames of SASL (AMQP 1.0, part 5.3).

use fe2o3_amqp::frames::sasl::Frame;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Failure;
use crate::connect::walk::Walk;

/// The protocol header of the layer.
pub(super) const HEADER: [u8; 8] = *b"AMQP\x03\x01\0\0";
/// The most that a frame may have, in bytes: a little more than AMQP allows.
const LONGEST: usize = 4096;
/// The length of a frame's head, in bytes.
const HEAD: usize = 8;
/// The type of the frames of SASL.
const TYPE: u8 = 1;

/// Reads one frame, and not a byte more.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Frame, Failure> {
    let mut head = [0; HEAD];
    stream.read_exact(&mut head).await?;
    let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let body = usize::from(head[4]) * 4;
    if head[5] != TYPE || !(HEAD..=LONGEST).contains(&size) || !(HEAD..=size).contains(&body) {
        return Err(Failure::NoSasl);
    }
    let mut frame = vec![0; size - HEAD];
    stream.read_exact(&mut frame).await?;
    let body = &frame[body - HEAD..];
    let mut walk = Walk::over(1, body.len() as u64);
    match walk.feed(body) {
        Ok(fed) if walk.is_done() && fed == body.len() => {
            serde_amqp::from_slice(body).map_err(|_| Failure::NoSasl)
        }
        _ => Err(Failure::NoSasl),
    }
}

/// Writes one frame.
pub(super) async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    frame: &Frame,
) -> Result<(), Failure> {
    let body = serde_amqp::to_vec(frame).map_err(|_| Failure::TooLong)?;
    let size = u32::try_from(body.len() + HEAD).map_err(|_| Failure::TooLong)?;
    if size > 512 {
        return Err(Failure::TooLong);
    }
    let mut bytes = size.to_be_bytes().to_vec();
    bytes.extend_from_slice(&[2, TYPE, 0, 0]);
    bytes.extend_from_slice(&body);
    stream.write_all(&bytes).await?;
    stream.flush().await?;
    Ok(())
}
