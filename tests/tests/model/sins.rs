//! The model is tested by a driver that sins: it must find it, and by a short script.

use busway_testkit::broken::Sin;
use libtest_mimic::{Failed, Trial};

use crate::in_paused_time;

/// The sins that break a promise of the model; what the others do it does not look at.
const SINS: &[Sin] = &[
    Sin::LosesCasts,
    Sin::DuplicatesCasts,
    Sin::ReordersCasts,
    Sin::DuplicatesCalls,
    Sin::SendsTwiceWithoutRetries,
    Sin::RetriesWithoutRetries,
    Sin::NeverComesBack,
    Sin::LosesReplies,
    Sin::MixesReplies,
    Sin::HidesUndeliverable,
    Sin::MixesKinds,
    Sin::IgnoresServers,
    Sin::IgnoresTopics,
    Sin::FansOutToOne,
    Sin::FansOutTwice,
    Sin::FansOutToSomebody,
    Sin::SubscribesLate,
    Sin::ServesFirst,
    Sin::RefusesTwins,
    Sin::HangsOnStop,
    Sin::LosesWhenCut,
    Sin::AcknowledgesEarly,
    Sin::LosesRequeued,
    Sin::RequeuesLate,
    Sin::LosesNotifications,
    Sin::DuplicatesNotifications,
    Sin::ReordersNotifications,
    Sin::StoresNothing,
    Sin::HearsNothing,
    Sin::SharesPools,
    Sin::RefusesPools,
    Sin::SplitsPools,
    Sin::HangsOnClose,
];

/// In how many seeds each is found.
const SEEDS: u64 = 1000;
/// How many steps show it, at most.
const STEPS: usize = 8;

pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    SINS.iter().map(|sin| Trial::test(format!("{sin:?}_is_found"), || is_found(*sin)))
}

fn is_found(sin: Sin) -> Result<(), Failed> {
    let model = in_paused_time(busway_tests::sinning(sin)).seeds(0..SEEDS);
    let Err(counterexample) = model.check() else {
        return Err(format!("{SEEDS} seeds do not find it").into());
    };
    let steps = counterexample.script().steps().len();
    if steps > STEPS {
        return Err(format!("it takes {steps} steps: {counterexample}").into());
    }
    Ok(())
}
