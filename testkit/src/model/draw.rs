//! A random script of what a driver declares and a harness can do.

use busway_core::driver::Capabilities;
use fastrand::Rng;

use super::{Place, Request, Script, Step, Trouble};
use crate::Faults;

const TOPICS: u8 = 2;
const SERVERS: u8 = 2;
const POOLS: u8 = 3;
const MEMBERS: u8 = 2;

/// What may be drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) declared: Capabilities,
    pub(super) faults: Faults,
    /// Whether that includes what everybody on the bus feels.
    pub(super) whole_bus: bool,
}

/// What stands for each step, and how often it is drawn.
type Weighed = (u32, fn(&mut Rng) -> Step);

impl Choice {
    /// A script of up to so many steps.
    pub(super) fn script(self, seed: u64, most: usize) -> Script {
        let mut rng = Rng::with_seed(seed);
        let steps = self.steps();
        let total = steps.iter().map(|(weight, _)| weight).sum();
        let count = rng.usize(most.div_ceil(4)..=most);
        let drawn = (0..count).map(|_| {
            let mut number = rng.u32(0..total);
            let drawn = steps.iter().find(|(weight, _)| {
                let found = number < *weight;
                number = number.saturating_sub(*weight);
                found
            });
            drawn.map_or(Step::Wait, |(_, draw)| draw(&mut rng))
        });
        Script::new(drawn.collect())
    }

    fn steps(self) -> Vec<Weighed> {
        let Self { declared, faults, whole_bus } = self;
        let when = |is: bool, weight| if is { weight } else { 0 };
        let (rpc, told) = (declared.rpc, declared.notifications);
        let (severs, stalls) = (faults.sever, faults.stall);
        let (blocks, restarts) = (whole_bus && faults.block, whole_bus && faults.restart);
        vec![
            (10, |_| Step::Pause),
            (6, |_| Step::Wait),
            (when(rpc, 14), |rng| Step::Open(place(rng, TOPICS, SERVERS))),
            (when(rpc, 6), |rng| Step::Stop(place(rng, TOPICS, SERVERS))),
            (when(rpc, 14), |rng| Step::Call(request(rng))),
            (when(rpc, 14), |rng| Step::Cast(request(rng))),
            (when(rpc, 2), |_| Step::CallNobody),
            (when(rpc && declared.fanout, 8), |rng| {
                Step::Fanout(Request { server: None, ..request(rng) })
            }),
            (when(told && declared.pools, 8), |rng| Step::Listen(place(rng, POOLS, MEMBERS))),
            (when(told && declared.pools, 4), |rng| Step::Unlisten(place(rng, POOLS, MEMBERS))),
            (when(told, 4), |rng| Step::Listen(place(rng, 1, MEMBERS))),
            (when(told, 2), |rng| Step::Unlisten(place(rng, 1, MEMBERS))),
            (when(told, 14), |_| Step::Notify { requeue: false }),
            (when(told && declared.requeue, 4), |_| Step::Notify { requeue: true }),
            (when(severs, 4), |_| Step::Trouble(Trouble::Sever)),
            (when(stalls, 2), |_| Step::Trouble(Trouble::Stall)),
            (when(blocks, 2), |_| Step::Trouble(Trouble::Block)),
            (when(restarts, 1), |_| Step::Trouble(Trouble::Restart)),
            (when(severs || stalls || blocks, 8), |_| Step::Heal),
        ]
    }
}

fn place(rng: &mut Rng, groups: u8, members: u8) -> Place {
    Place { group: rng.u8(0..groups), member: rng.u8(0..members) }
}

fn request(rng: &mut Rng) -> Request {
    Request {
        topic: rng.u8(0..TOPICS),
        server: (rng.u8(0..3) == 0).then(|| rng.u8(0..SERVERS)),
        once: rng.u8(0..3) == 0,
        slow: rng.u8(0..4) == 0,
        short: rng.u8(0..6) == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULTS: Faults = Faults { sever: true, restart: true, ..Faults::NONE };

    #[test]
    fn a_seed_is_a_script() {
        let declared = Capabilities { rpc: true, ..Capabilities::NONE };
        let choice = Choice { declared, faults: FAULTS, whole_bus: false };
        assert_eq!(choice.script(7, 40), choice.script(7, 40));
        assert_ne!(choice.script(7, 40), choice.script(8, 40));
        assert!((10..=40).contains(&choice.script(7, 40).steps().len()));
    }

    #[test]
    fn nothing_is_drawn_that_is_not_declared_or_not_possible() {
        let declared = Capabilities { notifications: true, ..Capabilities::NONE };
        let choice = Choice { declared, faults: FAULTS, whole_bus: false };
        let possible = |step: &Step| match step {
            Step::Listen(place) | Step::Unlisten(place) => place.group == 0,
            Step::Notify { requeue } => !requeue,
            Step::Trouble(trouble) => *trouble == Trouble::Sever,
            other => matches!(other, Step::Heal | Step::Pause | Step::Wait),
        };
        for seed in 0..100 {
            let script = choice.script(seed, 40);
            assert!(script.steps().iter().all(possible), "{script}");
        }
    }

    #[test]
    fn what_the_whole_bus_feels_is_drawn_where_it_may_be() {
        let choice = Choice { declared: Capabilities::NONE, faults: FAULTS, whole_bus: true };
        let feels = |seed| choice.script(seed, 40).is_of_the_whole_bus();
        assert!((0..20).any(feels));
    }
}
