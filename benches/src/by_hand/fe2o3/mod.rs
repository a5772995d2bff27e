//! The reference on AMQP 1.0: fe2o3-amqp by hand.
//!
//! One thread with a runtime of its own for the connection, frames gathered before they are
//! written, messages made by those who send them, sends that do not wait for one another's
//! outcomes, outcomes told and credit given for many messages at once.

mod client;
mod fan;
mod incoming;
mod message;
mod outgoing;
mod server;
mod tap;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::definitions::{ReceiverSettleMode, SenderSettleMode};
use fe2o3_amqp::types::messaging::{Source, Target};
use fe2o3_amqp::{Connection, Receiver, Sender, Session};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};

pub use client::Client;
pub use fan::Fan;
pub use server::serve;

use crate::BoxError;

/// The virtual host of this side.
const VHOST: &str = "by_hand";
const REPLY_CREDIT: u32 = 200;
const SERVER_CREDIT: u32 = 100;
/// The timeout of a call, on both sides: oslo.messaging's default.
const TIMEOUT: Duration = Duration::from_mins(1);
/// The transfers that may be on their way in a session.
const WINDOW: u32 = 2048;
/// The frames between the tasks of a session and of its connection.
const BUFFER: usize = 512;

fn rpc_address(how: &str, whom: &str) -> String {
    format!("openstack.org/om/rpc/{how}/{VHOST}/openstack/{whom}")
}

fn notification_address() -> String {
    format!("openstack.org/om/notify/anycast/{VHOST}/openstack/orders.info")
}

/// A thread for a connection; it runs as long as the process.
fn thread() -> Result<Handle, BoxError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("by-hand".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

async fn connect(port: u16) -> Result<ConnectionHandle<()>, BoxError> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let connection = Connection::builder().container_id(id()).hostname("127.0.0.1");
    Ok(connection.open_with_stream(tap::Tap::new(stream)).await?)
}

async fn begin(connection: &mut ConnectionHandle<()>) -> Result<SessionHandle<()>, BoxError> {
    let session = Session::builder().incoming_window(WINDOW).buffer_size(BUFFER);
    Ok(session.begin(connection).await?)
}

async fn sender(session: &mut SessionHandle<()>, address: &str) -> Result<Sender, BoxError> {
    let sender = Sender::builder()
        .name(id())
        .source(Source::builder().address(address).build())
        .target(Target::builder().address(address).build())
        .sender_settle_mode(SenderSettleMode::Mixed)
        .receiver_settle_mode(ReceiverSettleMode::First);
    Ok(sender.attach(session).await?)
}

async fn receiver(session: &mut SessionHandle<()>, source: Source) -> Result<Receiver, BoxError> {
    let receiver = Receiver::builder()
        .name(id())
        .source(source)
        .sender_settle_mode(SenderSettleMode::Mixed)
        .receiver_settle_mode(ReceiverSettleMode::First)
        .credit_mode(CreditMode::Manual);
    Ok(receiver.attach(session).await?)
}

/// An id of 32 hexadecimal digits that is this process's own; cheaper than a random one.
fn id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{:016x}{:016x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
