//! A program that names the driver, as the registry tells those to do that find none.

use busway_driver_fake as _;

fn main() {
    for driver in busway_core::driver::Registry::linked().iter() {
        println!("{}", driver.name);
    }
}
