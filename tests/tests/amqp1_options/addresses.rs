//! The addresses that clients and servers use.

use std::collections::BTreeSet;

use busway_core::rpc::RpcServer;
use busway_core::{Config, Target, Transport};
use busway_testkit::stage::{Gate, Service, serve, soon};
use busway_tests::amqp1_wire::{Heard, Stranger, addresses, by_the_book, open, trial};
use fe2o3_amqp::types::performatives::Performative;
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{client, listening, notifier};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the_mode_of_addressing_is_as_said_or_by_the_product", modes),
        trial("each_beginning_of_a_legacy_address_is_an_option", legacy_prefixes),
        trial("each_part_of_a_routable_address_is_an_option", routable_prefixes),
        trial("a_virtual_host_is_a_part_of_the_addresses_or_what_is_opened", virtual_host),
        trial("the_exchange_of_targets_that_name_none_is_an_option", exchanges),
    ]
}

const QPIDD: Option<&str> = Some("qpid-cpp");
const ROUTER: Option<&str> = Some("router");

const LEGACY: [&str; 4] = [
    "broadcast.v.openstack.topic.all",
    "exclusive.v.openstack.topic.server",
    "unicast.v.openstack.log.info",
    "unicast.v.openstack.topic",
];
const ROUTABLE: [&str; 4] = [
    "openstack.org/om/notify/anycast/v/openstack/log.info",
    "openstack.org/om/rpc/anycast/v/openstack/topic",
    "openstack.org/om/rpc/multicast/v/openstack/topic",
    "openstack.org/om/rpc/unicast/v/openstack/topic/server",
];

/// The addresses that are received from and sent to, which are the same.
fn used(heard: &[Heard]) -> BTreeSet<String> {
    let (mut sources, mut targets) = (BTreeSet::new(), BTreeSet::new());
    for it in heard {
        let Performative::Attach(attach) = &it.frame.said else { continue };
        match addresses(attach) {
            (Some(source), Some(target)) if source == target => targets.insert(target),
            (Some(source), _) => sources.insert(source),
            // The peer names the node of the replies.
            (None, _) => continue,
        };
    }
    assert_eq!(sources, targets);
    targets
}

/// A server, a listener, and something sent to each of their addresses.
async fn everything(transport: &Transport) -> RpcServer {
    let server = serve(transport, "topic", "server", Service::echo()).await.expect("a server");
    let _listener = listening(transport, &Gate::shut()).await;
    let client = client(transport);
    for prepared in
        [client.prepare(), client.prepare().server("server"), client.prepare().fanout(true)]
    {
        soon(prepared.cast("echo", json!({}))).await.expect("taken");
    }
    soon(notifier(transport).info("event", json!({}))).await.expect("taken");
    server
}

async fn addresses_of(product: Option<&'static str>, options: &str) -> BTreeSet<String> {
    let peer = Stranger::start_as(product, |_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), options).await;
    let _server = everything(&transport).await;
    used(&peer.heard())
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn modes() {
    for (product, options, expected) in [
        (QPIDD, "", LEGACY),
        (None, "addressing_mode=dynamic", LEGACY),
        (ROUTER, "", ROUTABLE),
        (ROUTER, "addressing_mode=legacy", LEGACY),
        (QPIDD, "addressing_mode=routable", ROUTABLE),
    ] {
        assert_eq!(addresses_of(product, options).await, set(&expected), "{product:?} {options}");
    }
}

async fn legacy_prefixes() {
    let options = "server_request_prefix=one&group_request_prefix=any&broadcast_prefix=all";
    let expected = [
        "all.v.openstack.topic.all",
        "any.v.openstack.log.info",
        "any.v.openstack.topic",
        "one.v.openstack.topic.server",
    ];
    assert_eq!(addresses_of(QPIDD, options).await, set(&expected));
}

async fn routable_prefixes() {
    let options = "rpc_address_prefix=r/pc&notify_address_prefix=n/ote&multicast_address=all\
                   &unicast_address=one&anycast_address=any";
    let expected = [
        "n/ote/any/v/openstack/log.info",
        "r/pc/all/v/openstack/topic",
        "r/pc/any/v/openstack/topic",
        "r/pc/one/v/openstack/topic/server",
    ];
    assert_eq!(addresses_of(ROUTER, options).await, set(&expected));
}

async fn virtual_host() {
    for (options, hostname, address) in [
        ("", "127.0.0.1", "unicast.v.openstack.topic"),
        ("pseudo_vhost=false", "v", "unicast.openstack.topic"),
    ] {
        let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
        let transport = open(peer.address(), options).await;
        let _server = everything(&transport).await;
        let heard = peer.heard();
        let opened = heard.iter().find_map(|it| match &it.frame.said {
            Performative::Open(open) => open.hostname.clone(),
            _ => None,
        });
        assert_eq!(opened.as_deref(), Some(hostname));
        assert!(used(&heard).contains(address), "{:?}", used(&heard));
    }
}

async fn exchanges() {
    let options = "default_rpc_exchange=calls&default_notification_exchange=notes";
    let expected = [
        "openstack.org/om/notify/anycast/v/notes/log.info",
        "openstack.org/om/rpc/anycast/v/calls/topic",
        "openstack.org/om/rpc/multicast/v/calls/topic",
        "openstack.org/om/rpc/unicast/v/calls/topic/server",
    ];
    assert_eq!(addresses_of(ROUTER, options).await, set(&expected));
    // Legacy addresses know but the one of all drivers.
    assert_eq!(addresses_of(QPIDD, options).await, set(&LEGACY));

    let peer = Stranger::start_as(ROUTER, |_| by_the_book()).await.expect("a peer");
    let config = Config::builder().set("DEFAULT", "control_exchange", "ours").build();
    let builder = Transport::builder().config(config.expect("a configuration"));
    let url = format!("amqp://{}/", peer.address());
    let transport = soon(builder.open(&url)).await.expect("a transport");
    let target = Target::new("topic").with_exchange("its");
    for target in [Target::new("topic"), target] {
        let client = busway_core::rpc::RpcClient::new(&transport, target);
        soon(client.cast("echo", json!({}))).await.expect("taken");
    }
    let heard = peer.heard();
    for address in
        ["openstack.org/om/rpc/anycast/ours/topic", "openstack.org/om/rpc/anycast/its/topic"]
    {
        assert_eq!(busway_tests::amqp1_wire::senders(&heard, address).len(), 1, "{address}");
    }
}
