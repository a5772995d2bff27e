#![allow(unused)]

use busway::endpoint;

struct A;

#[endpoint(nmaespace = "a")]
impl A {
    async fn hello(&self) {}
}

struct B;

#[endpoint(version = "1")]
impl B {
    async fn hello(&self) {}
}

struct C;

#[endpoint(version = 1.0)]
impl C {
    async fn hello(&self) {}
}

struct D;

#[endpoint(namespace = "a", namespace = "b")]
impl D {
    async fn hello(&self) {}
}

struct E;

#[endpoint(accepts("old", Nothing))]
impl E {
    async fn hello(&self) {}
}

struct F;

#[endpoint(namespace)]
impl F {
    async fn hello(&self) {}
}

fn main() {
    // A wrong option does not hide the methods, nor that this is an endpoint.
    let _ = (A.hello(), B.hello(), C.hello(), D.hello(), E.hello(), F.hello());
    fn is_endpoint(_: impl busway::Endpoint) {}
    is_endpoint(A);
}
