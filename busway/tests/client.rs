//! `#[client]`, over a driver that notes what it is asked: what goes out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use busway::driver::{
    CallOptions, Capabilities, Driver, Events, Listener, NotificationSubscription, NotifyOptions,
    Request, Retry, SendOptions,
};
use busway::notify::Notification;
use busway::{
    Config, Context, Error, ErrorKind, Payload, Result, RpcClient, Target, Transport, async_trait,
    client,
};

/// A shop.
#[client(namespace = "shop", version = "1.4")]
trait Shop {
    /// Orders something.
    async fn order(&self, item: &str, counts: &[u32], note: Option<String>) -> Vec<String>;

    async fn close(&self);

    #[cast]
    async fn tell(&self, context: &Context, r#type: String);

    #[cast(fanout)]
    #[rename("reload_all")]
    async fn reload(&self, #[rename("hard-way")] hard: bool);

    #[rename("new")]
    async fn create<'a>(&self, context: Context, pair: (&'a str, u8)) -> bool;
}

#[client(name = Plain)]
trait Nothing {
    async fn ping(&self) -> String;
}

/// Answers each call with the same result and keeps the last request.
#[derive(Debug)]
struct Recorder {
    events: Events,
    reply: Payload,
    last: Mutex<Option<(Target, Request, Option<Retry>)>>,
}

#[async_trait]
impl Driver for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { fanout: true, ..Capabilities::NONE }
    }

    fn events(&self) -> &Events {
        &self.events
    }

    async fn call(&self, target: &Target, request: Request, by: CallOptions) -> Result<Payload> {
        *self.last.lock().expect("no panic") = Some((target.clone(), request, by.retry));
        Ok(self.reply.clone())
    }

    async fn cast(&self, target: &Target, request: Request, by: SendOptions) -> Result<()> {
        *self.last.lock().expect("no panic") = Some((target.clone(), request, by.retry));
        Ok(())
    }

    async fn notify(&self, _: &Target, _: &Notification, _: NotifyOptions) -> Result<()> {
        Err(Error::unsupported("notify"))
    }

    async fn listen(&self, _: &Target) -> Result<Box<dyn Listener<Request>>> {
        Err(Error::unsupported("listen"))
    }

    async fn listen_notifications(
        &self,
        _: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        Err(Error::unsupported("listen"))
    }

    async fn close(&self, _: tokio::time::Instant) -> Result<()> {
        Ok(())
    }
}

/// A transport whose every call is answered with this, and what it was asked last.
fn answering(reply: &(impl serde::Serialize + ?Sized)) -> (Transport, Arc<Recorder>) {
    let reply = Payload::of(reply).expect("JSON");
    let driver = Arc::new(Recorder { events: Events::default(), reply, last: Mutex::default() });
    (Transport::from_driver(driver.clone(), Config::new()), driver)
}

impl Recorder {
    fn last(&self) -> (Target, Request) {
        let last = self.last.lock().expect("no panic").take();
        last.map(|(target, request, _)| (target, request)).expect("a request")
    }
}

#[tokio::test]
async fn a_call_sends_its_arguments_by_name_and_returns_the_value() {
    let (transport, driver) = answering(&["a", "b"]);
    let shop = ShopClient::new(&transport, Target::new("shops"));
    let reply = shop.order("tea", &[1, 2], None).await.expect("a reply");
    assert_eq!(reply, ["a", "b"]);
    let (target, request) = driver.last();
    assert_eq!(target.topic(), Some("shops"));
    assert_eq!(&*request.method, "order");
    assert_eq!(request.args.as_json(), r#"{"item":"tea","counts":[1,2],"note":null}"#);
    assert_eq!(request.namespace.as_deref(), Some("shop"));
    assert_eq!(request.version, Some("1.4".parse().expect("a version")));
    assert!(!target.fanout());
}

#[tokio::test]
async fn a_method_without_a_result_takes_any() {
    let (transport, driver) = answering(&"whatever");
    ShopClient::new(&transport, Target::new("shops")).close().await.expect("a reply");
    assert_eq!(driver.last().1.args.as_json(), "{}");
}

#[tokio::test]
async fn a_result_of_another_type_is_an_error() {
    let (transport, _) = answering(&1);
    let shop = ShopClient::new(&transport, Target::new("shops"));
    let error = shop.order("tea", &[], None).await.expect_err("no list");
    assert_eq!(error.kind(), ErrorKind::Serialization);
    assert_eq!(error.get("method"), Some("order"));
}

#[tokio::test]
async fn a_cast_carries_the_context() {
    let (transport, driver) = answering(&());
    let shop = ShopClient::new(&transport, Target::new("shops"));
    let context = Context::new().with("user", "ada");
    shop.tell(&context, "x".to_owned()).await.expect("sent");
    let (target, request) = driver.last();
    assert!(!target.fanout());
    assert_eq!(request.args.as_json(), r#"{"type":"x"}"#);
    assert_eq!(request.context.get("user"), context.get("user"));
}

#[tokio::test]
async fn a_fanout_reaches_all_under_the_name_on_the_wire() {
    let (transport, driver) = answering(&());
    ShopClient::new(&transport, Target::new("shops")).reload(true).await.expect("sent");
    let (target, request) = driver.last();
    assert!(target.fanout());
    assert_eq!(&*request.method, "reload_all");
    assert_eq!(request.args.as_json(), r#"{"hard-way":true}"#);
}

#[tokio::test]
async fn a_call_may_go_another_way_than_the_others() {
    let (transport, driver) = answering(&true);
    let shop = ShopClient::new(&transport, Target::new("shops"));
    let other = shop.with(|call| call.server("s1").timeout(Duration::from_secs(1)));
    assert!(other.create(Context::new(), ("x", 1)).await.expect("a reply"));
    let (target, request) = driver.last();
    assert_eq!(target.server(), Some("s1"));
    assert_eq!(&*request.method, "new");
    assert_eq!(request.namespace.as_deref(), Some("shop"));

    assert!(shop.create(Context::new(), ("x", 1)).await.expect("a reply"));
    assert_eq!(driver.last().0.server(), None);
}

#[tokio::test]
async fn the_settings_of_an_existing_client_stay() {
    let (transport, driver) = answering("pong");
    let target = Target::new("shops").with_namespace("own");
    let client = RpcClient::builder(&transport, target).retry(Retry::Times(3)).build();
    assert_eq!(Plain::from_client(&client).ping().await.expect("a reply"), "pong");
    let (target, _, retry) = driver.last.lock().expect("no panic").take().expect("a request");
    assert_eq!(target.namespace(), Some("own"));
    assert_eq!(retry, Some(Retry::Times(3)));
}
