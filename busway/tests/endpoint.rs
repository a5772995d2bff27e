//! `#[endpoint]`, without a bus: what it makes of an `impl` block.

use std::sync::Mutex;

use busway::rpc::{Endpoint, Failure, Visibility};
use busway::{Context, Payload, RemoteError, RemoteKind, endpoint};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Default)]
struct Shop {
    log: Mutex<Vec<String>>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Order {
    item: String,
    count: u32,
}

#[derive(Debug)]
struct OutOfStock;

impl std::fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing is left")
    }
}

impl std::error::Error for OutOfStock {}

type Result<T, E = OutOfStock> = std::result::Result<T, E>;

#[endpoint(namespace = "shop", version = "1.2.3", accepts("store", None))]
impl Shop {
    fn new() -> Self {
        Self::default()
    }

    /// Who asked, and for what.
    #[expose]
    async fn order(&self, context: Context, item: String, count: Option<u32>) -> Order {
        let user = context.get("user").and_then(|user| user.as_str()).unwrap_or("nobody");
        self.note(&format!("{user} orders {item}"));
        Order { item, count: count.unwrap_or(1) }
    }

    #[expected]
    async fn reserve(&self, _: &Context, order: Order) -> Result<u32> {
        if order.count > 1 { Err(OutOfStock) } else { Ok(order.count) }
    }

    async fn fail(&self) -> std::result::Result<(), Failure> {
        Err(RemoteError::new("Broken", "shop", "as it happens").into())
    }

    #[rename("type")]
    async fn kind(&self, r#in: String, #[rename("of")] what: Vec<u8>) -> (String, usize) {
        (r#in, what.len())
    }

    async fn _close(&self) {}

    #[endpoint(skip)]
    async fn helper(_: &str) {}

    fn note(&self, text: &str) {
        self.log.lock().expect("no panic").push(text.to_owned());
    }

    #[cfg(any())]
    async fn gone(&self, nothing: Gone) {}
}

async fn call(method: &str, args: serde_json::Value) -> Result<serde_json::Value, Failure> {
    let args = Payload::of(&args).expect("JSON");
    let context = Context::new().with("user", "ada");
    Shop::new().call(method, args, context).await.map(|reply| reply.to().expect("JSON"))
}

#[test]
fn it_answers_to_its_namespaces_and_version() {
    let target = Shop::new().target();
    assert_eq!(target.version(), Some("1.2.3".parse().expect("a version")));
    for namespace in [Some("shop"), Some("store"), None] {
        assert!(target.accepts_namespace(namespace), "{namespace:?}");
    }
    assert!(!target.accepts_namespace(Some("other")));
}

#[test]
fn without_options_it_answers_to_the_defaults() {
    struct Plain;

    #[endpoint]
    impl Plain {
        async fn ping(&self) {}
    }

    assert_eq!(Endpoint::target(&Plain), busway::Target::default());
}

#[test]
fn async_methods_are_its_methods() {
    let shop = Shop::new();
    let cases = [
        ("order", Some(Visibility::Exposed)),
        ("reserve", Some(Visibility::Public)),
        ("type", Some(Visibility::Public)),
        ("_close", Some(Visibility::Private)),
        ("kind", None),
        ("new", None),
        ("note", None),
        ("helper", None),
        ("gone", None),
    ];
    for (method, visibility) in cases {
        assert_eq!(shop.visibility(method), visibility, "{method}");
    }
}

#[tokio::test]
async fn arguments_and_context_arrive() {
    let shop = Shop::new();
    let args = Payload::of(&json!({ "count": 2, "item": "tea" })).expect("JSON");
    let context = Context::new().with("user", "ada");
    let reply = shop.call("order", args, context).await.expect("an order");
    assert_eq!(reply.as_json(), r#"{"item":"tea","count":2}"#);
    assert_eq!(*shop.log.lock().expect("no panic"), ["ada orders tea"]);
}

#[tokio::test]
async fn an_option_may_be_left_out() {
    let reply = call("order", json!({ "item": "tea" })).await.expect("an order");
    assert_eq!(reply, json!({ "item": "tea", "count": 1 }));
}

#[tokio::test]
async fn names_on_the_wire_may_differ() {
    let reply = call("type", json!({ "in": "x", "of": [1, 2] })).await.expect("a reply");
    assert_eq!(reply, json!(["x", 2]));
}

#[tokio::test]
async fn no_return_value_is_null() {
    assert_eq!(call("_close", json!({})).await.expect("a reply"), json!(null));
}

#[tokio::test]
async fn an_error_keeps_its_class_and_may_be_expected() {
    let failure = call("reserve", json!({ "order": { "item": "tea", "count": 2 } })).await;
    let failure = failure.expect_err("out of stock");
    assert!(failure.is_expected());
    assert_eq!(failure.as_remote().class, "OutOfStock");
    assert_eq!(failure.as_remote().message, "nothing is left");

    let failure = call("fail", json!({})).await.expect_err("broken");
    assert!(!failure.is_expected());
    assert_eq!(failure.as_remote().class, "Broken");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_named_and_not_expected() {
    let cases = [
        (json!({}), "order: missing argument 'item'"),
        (
            json!({ "item": 1 }),
            "order: argument 'item': invalid type: integer `1`, expected a string",
        ),
        (
            json!({ "item": "tea", "cuont": 1 }),
            "order: unknown argument 'cuont', expected one of item, count",
        ),
    ];
    for (args, message) in cases {
        let failure = call("order", args).await.expect_err(message);
        assert_eq!(failure.as_remote().kind(), RemoteKind::InvalidArguments);
        assert_eq!(failure.as_remote().message, message);
        assert!(!failure.is_expected());
    }
}

#[tokio::test]
async fn an_ill_formed_argument_says_where_in_it() {
    let order = json!({ "order": { "item": "tea" } });
    let failure = call("reserve", order).await.expect_err("no count");
    assert_eq!(failure.as_remote().message, "reserve: argument 'order': missing field `count`");
    assert!(!failure.is_expected(), "a wrong call is not what the handler expects");
}

#[tokio::test]
async fn an_unknown_method_is_no_such_method() {
    let failure = call("steal", json!({})).await.expect_err("no such method");
    assert_eq!(failure.as_remote().kind(), RemoteKind::NoSuchMethod);
}

#[tokio::test]
async fn an_endpoint_may_be_generic() {
    struct Repeat<S>(S);

    #[endpoint]
    impl<S: std::fmt::Display + Send> Repeat<S>
    where
        S: serde::de::DeserializeOwned,
    {
        async fn repeat(&self, more: S) -> String {
            format!("{}{more}", self.0)
        }
    }

    let endpoint = Repeat("a".to_owned());
    let args = Payload::of(&json!({ "more": "b" })).expect("JSON");
    let reply = endpoint.call("repeat", args, Context::new()).await.expect("a reply");
    assert_eq!(reply.as_json(), r#""ab""#);
}

#[tokio::test]
async fn its_methods_stay_methods() {
    assert_eq!(Shop::new().kind("x".to_owned(), vec![]).await, ("x".to_owned(), 0));
    Shop::helper("x").await;
}
