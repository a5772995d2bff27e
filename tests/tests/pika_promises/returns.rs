use busway_core::ErrorKind;
use busway_core::Target;
use busway_core::rpc::RpcClient;
use busway_testkit::brokers::RabbitMq;
use busway_testkit::stage::{Journal, Service, serve};
use futures_util::future::join_all;
use serde_json::json;

use crate::open;

/// How many casts are under way at once; every other one goes to nobody.
const CASTS: u64 = 20_000;

pub(crate) async fn each_is_told_its_own(broker: RabbitMq) {
    let transport = open(&broker, "").await;
    let journal = Journal::<u64>::new();
    let service = Service::new().noting(&journal);
    let _server = serve(&transport, "somebody", "server", service).await.expect("a server");
    let clients = ["somebody", "nobody"].map(|topic| {
        RpcClient::builder(&transport, Target::new(topic)).timeout(crate::HANG).build()
    });
    let casts = (0..CASTS).map(|it| {
        let client = &clients[usize::from(it % 2 == 1)];
        async move { (it, client.cast("note", json!({ "it": it })).await) }
    });
    let mut wrong = Vec::new();
    for (it, sent) in join_all(casts).await {
        let told = sent.err().map(|error| error.kind());
        let expected = (it % 2 == 1).then_some(ErrorKind::Undeliverable);
        if told != expected {
            wrong.push((it, told));
        }
    }
    assert!(wrong.is_empty(), "{} were told of another's fate: {wrong:?}", wrong.len());
    let mut came = journal.take(usize::try_from(CASTS / 2).expect("it fits")).await;
    came.sort_unstable();
    assert_eq!(came, (0..CASTS).step_by(2).collect::<Vec<_>>());
}
