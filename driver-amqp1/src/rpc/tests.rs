//! What nobody can bring about from outside: a connection that ends while a reply is handed over.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use busway_core::driver::{CallOptions, Delivery, Events, Incoming, Listener, Request};
use busway_core::net::Hosts;
use busway_core::{Config, Context, Payload, Result, Target, TransportUrl};
use busway_testkit::brokers::Desk;
use busway_testkit::proxy::Proxy;
use busway_testkit::stage::{PATIENCE, soon};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{call, listen};
use crate::connect::Connecting;
use crate::driver::Shared;
use crate::link::{Bus, Opening, Wear};
use crate::options::AmqpOptions;

const HASTE: &str = "connection_retry_interval=0.01&connection_retry_backoff=0\
                     &link_retry_delay=0.01&default_reply_retry=1";

async fn open(address: SocketAddr) -> Arc<Shared> {
    let url: TransportUrl = format!("amqp://{address}/?{HASTE}").parse().expect("a URL");
    let config = Config::new();
    let options: Arc<AmqpOptions> = Arc::new(config.driver_section(&url).expect("options"));
    let opening = Opening {
        connecting: Connecting::new(&url, options.clone(), 0).expect("it makes sense"),
        hosts: Hosts::new(url.hosts().to_vec(), Duration::ZERO),
        options: options.clone(),
        control_exchange: "openstack".to_owned(),
        virtual_host: None,
        events: Events::new(),
        wear: Wear::default(),
    };
    let bus = soon(Bus::open(opening)).await.expect("a connection");
    Arc::new(Shared { bus, options, limits: config.limits() })
}

/// Calls the topic, on a task of its own.
fn ask(caller: &Arc<Shared>) -> tokio::task::JoinHandle<Result<Payload>> {
    let caller = caller.clone();
    tokio::spawn(async move {
        let request = Request {
            method: "method".into(),
            args: Payload::of(&json!({})).expect("arguments"),
            version: None,
            namespace: None,
            context: Context::default(),
        };
        let deadline = Instant::now() + PATIENCE;
        let options = CallOptions { deadline, retry: None, call_monitor_timeout: None };
        call(&caller, &Target::new("topic"), &request, options).await
    })
}

async fn asked(listener: &mut impl Listener<Request>) -> Box<dyn Delivery> {
    let batch = soon(listener.next(1, Duration::ZERO)).await.expect("it listens");
    let Incoming { mut delivery, .. } = batch.into_iter().next().expect("a request");
    soon(delivery.acknowledge()).await.expect("accepted");
    delivery
}

fn seven() -> Payload {
    Payload::of(&json!(7)).expect("a value")
}

#[tokio::test]
async fn a_reply_that_was_handed_over_as_the_connection_ended_is_sent_again() {
    let broker = Desk::start().await.expect("a broker");
    let proxy = Proxy::to(broker.address()).await.expect("a proxy");
    let (caller, server) = (open(broker.address()).await, open(proxy.address()).await);
    let target = Target::new("topic").with_server("server");
    let mut listener = soon(listen(server.clone(), &target)).await.expect("a server");

    // The link to the caller is up from now on.
    let calling = ask(&caller);
    let delivery = asked(&mut listener).await;
    soon(delivery.reply(Ok(seven()))).await.expect("sent");
    soon(calling).await.expect("no panic").expect("answered");

    let calling = ask(&caller);
    let mut delivery = asked(&mut listener).await;
    let (looks, looking) = oneshot::channel();
    let (told, handed_over) = oneshot::channel();
    let at_the_end = server.clone();
    // On the connection's thread, before the link has heard of it.
    server.bus.spawn(async move {
        looks.send(()).expect("somebody waits");
        poll_fn(|context| {
            if at_the_end.bus.has_ended() {
                return Poll::Ready(());
            }
            // To be next after each other task: who yields waits for all of them.
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        told.send(delivery.try_reply(Ok(seven())).is_ok()).expect("somebody waits");
    });
    soon(looking).await.expect("told");
    proxy.reset();
    assert!(soon(handed_over).await.expect("told"), "it waited for nothing");
    let reply = soon(calling).await.expect("no panic").expect("answered");
    assert_eq!(reply.to::<u32>().expect("a number"), 7);
}
