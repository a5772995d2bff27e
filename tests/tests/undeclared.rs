//! What a driver does not declare is asked for, and has to be refused; the rest is run.

use busway_core::driver::Capabilities;
use busway_testkit::{Candidate, Case, Need, Suite, Verdict};
use busway_tests::modest;

const RPC: Capabilities = Capabilities { rpc: true, ..Capabilities::NONE };
const NOTIFICATIONS: Capabilities = Capabilities { notifications: true, ..Capabilities::NONE };

fn judge(case: &str, candidate: &Candidate) -> Verdict {
    let case = Case::named(case).expect("a case of the suite");
    Suite::new().judge(case, candidate)
}

#[test]
fn what_is_declared_is_run() {
    let cases = [
        (modest("rpc", RPC), "a_typed_call_returns_what_its_handler_returned"),
        (modest("notifications", NOTIFICATIONS), "each_priority_reaches_its_endpoint"),
    ];
    for (candidate, case) in cases {
        assert_eq!(judge(case, &candidate), Verdict::Passed, "{case}");
    }
}

#[test]
fn what_is_not_declared_must_be_refused() {
    let (rpc, notifications) = (modest("rpc", RPC), modest("notifications", NOTIFICATIONS));
    let cases = [
        (&notifications, "a_cast_runs_its_method", Need::Rpc),
        (&rpc, "a_fan_out_to_nobody_is_no_error", Need::Fanout),
        (&rpc, "heartbeats_keep_a_long_call_alive", Need::CallMonitoring),
        (&rpc, "a_notification_arrives_with_all_its_fields", Need::Notifications),
        (&notifications, "each_pool_gets_a_copy_of_its_own", Need::Pools),
        (&notifications, "what_an_endpoint_fails_on_comes_again", Need::Requeue),
    ];
    for (candidate, case, need) in cases {
        assert_eq!(judge(case, candidate), Verdict::Refused(need), "{case}");
    }
}

#[test]
fn a_promise_that_is_not_declared_is_not_asked_for() {
    let rpc = modest("rpc", RPC);
    let cases = [
        ("one_sender_reaches_one_consumer_in_order", Need::Ordering),
        ("an_expired_call_is_not_run", Need::Expiry),
        ("a_call_to_a_target_nobody_serves_is_undeliverable", Need::Mandatory),
        ("calls_go_on_after_the_connection_is_back", Need::Sever),
    ];
    for (case, need) in cases {
        assert_eq!(judge(case, &rpc), Verdict::NotApplicable(need), "{case}");
    }
}

#[test]
fn what_works_without_being_declared_is_a_fault() {
    use busway_testkit::broken::Sin;
    let verdict = judge("a_cast_runs_its_method", &busway_tests::sinning(Sin::HidesRpc));
    assert!(matches!(verdict, Verdict::Failed(_)), "{verdict:?}");
}
