use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Core;

/// Every bus of the process, by name, with the number of its users.
static BUSES: Mutex<BTreeMap<String, (Arc<Core>, usize)>> = Mutex::new(BTreeMap::new());

/// A share in a bus: the bus is there as long as somebody holds one.
#[derive(Debug)]
pub(crate) struct Lease(Arc<Core>);

impl Lease {
    /// A share in the bus of this name, which is made if need be.
    pub(crate) fn on(name: &str) -> Self {
        let mut buses = BUSES.lock();
        let (core, users) = buses.entry(name.to_owned()).or_insert_with(|| (Core::new(name), 0));
        *users += 1;
        Self(core.clone())
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0
    }
}

impl Clone for Lease {
    fn clone(&self) -> Self {
        Self::on(self.0.name())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut buses = BUSES.lock();
        let Some((_, users)) = buses.get_mut(self.0.name()) else { return };
        *users -= 1;
        if *users == 0 {
            buses.remove(self.0.name());
            drop(buses);
            self.0.clear();
        }
    }
}

/// Whether somebody holds a share in a bus of this name.
pub(crate) fn exists(name: &str) -> bool {
    BUSES.lock().contains_key(name)
}
