use super::line;
use crate::bus::{Bus, Purpose};
use crate::exit::Exit;
use crate::problem::Outcome;
use crate::run;

/// A bus that lasts as long as this.
async fn bus(url: &str) -> Bus {
    let cli = line(&["listen", "--url", url]);
    Bus::open(&cli.globals, Purpose::Notifications).await.expect("a bus")
}

async fn run(arguments: &[&str]) -> Outcome {
    run::run(&line(arguments)).await
}

#[tokio::test]
async fn what_was_notified_is_heard_and_no_more_is_taken_than_asked_for() {
    let url = "fake://heard/";
    let _bus = bus(url).await;
    for number in ["1", "2", "3"] {
        run(&["notify", "--url", url, "--topic", "t", number]).await.expect("stored");
    }
    let listen = ["listen", "--url", url, "--topic", "t", "--timeout", "30", "--count"];
    run(&[&listen[..], &["1"]].concat()).await.expect("heard");
    run(&[&listen[..], &["2"]].concat()).await.expect("the others were left");
    let listen = ["listen", "--url", url, "--topic", "t", "--timeout", "50ms", "--count", "1"];
    assert_eq!(run(&listen).await.expect_err("none is left").exit(), Exit::Timeout);
}

#[tokio::test]
async fn filters_and_priorities_choose_what_is_printed() {
    let url = "fake://chosen/";
    let _bus = bus(url).await;
    let notify = ["notify", "--url", url, "--topic", "t", "--publisher-id", "shop.desk"];
    let sent = [&notify[..], &["--event-type", "a.b", "--context", "user=u1", "{\"k\": \"v\"}"]];
    let listen = ["listen", "--url", url, "--topic", "t", "--count", "1", "--timeout"];
    for (filter, fits) in [
        (["--event-type", r"a\."], true),
        (["--event-type", "b"], false),
        (["--publisher-id", "shop"], true),
        (["--context", "user=u2"], false),
        (["--payload", "k=v"], true),
        (["--priority", "info"], true),
        (["--metadata", "timestamp=2"], true),
    ] {
        run(&sent.concat()).await.expect("stored");
        let patience = if fits { "30" } else { "50ms" };
        let heard = run(&[&listen[..], &[patience], &filter].concat()).await;
        assert_eq!(heard.is_ok(), fits, "{filter:?}: {heard:?}");
    }
}

#[tokio::test]
async fn a_pool_gets_a_copy_of_its_own() {
    let url = "fake://pooled/";
    let bus = bus(url).await;
    let listen = ["listen", "--url", url, "--topic", "t", "--count", "1", "--timeout", "30"];
    let pooled = [&listen[..], &["--pool", "mine", "--json"]].concat();
    let pooled: Vec<_> = pooled.into_iter().map(str::to_owned).collect();
    let mut pooled = tokio::spawn(async move {
        let pooled: Vec<_> = pooled.iter().map(String::as_str).collect();
        run(&pooled).await
    });
    // The pool gets what is notified once it listens: until then, it is notified again.
    while !pooled.is_finished() {
        run(&["notify", "--url", url, "--topic", "t", "x"]).await.expect("stored");
        tokio::select! {
            heard = &mut pooled => {
                heard.expect("no panic").expect("heard by the pool");
                break;
            }
            () = tokio::task::yield_now() => {}
        }
    }
    run(&listen).await.expect("heard without a pool, too");
    drop(bus);
}
