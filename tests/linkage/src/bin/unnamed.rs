//! A program whose manifest lists a driver that its code never names.

fn main() {
    for driver in busway_core::driver::Registry::linked().iter() {
        println!("{}", driver.name);
    }
}
