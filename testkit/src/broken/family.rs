use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use busway_core::driver::Driver;
use parking_lot::Mutex;

use super::Sin;
use super::driver::Broken;

/// The broken drivers of one name space, which know each other.
///
/// ```
/// use std::sync::Arc;
///
/// use busway_core::driver::Driver;
/// use busway_testkit::broken::{Family, Sin};
///
/// /// A driver that loses casts, and does all else as this one.
/// fn losing(driver: Arc<dyn Driver>) -> Arc<dyn Driver> {
///     Family::new(Sin::LosesCasts).broken(driver)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Family(Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) sin: Sin,
    /// Every driver of the family.
    pub(super) members: Mutex<Vec<Weak<dyn Driver>>>,
    /// What is listened to, or served.
    pub(super) taken: Mutex<BTreeSet<String>>,
}

impl Family {
    /// A family without a driver yet, all of which commit this sin.
    #[must_use]
    pub fn new(sin: Sin) -> Self {
        Self(Arc::new(Shared { sin, members: Mutex::default(), taken: Mutex::default() }))
    }

    /// The driver as the sin leaves it. Needs a runtime to run on.
    #[must_use]
    pub fn broken(&self, driver: Arc<dyn Driver>) -> Arc<dyn Driver> {
        self.0.members.lock().push(Arc::downgrade(&driver));
        if self.0.sin == Sin::LeavesTask {
            tokio::spawn(std::future::pending::<()>());
        }
        Arc::new(Broken::new(driver, self.0.clone()))
    }
}
