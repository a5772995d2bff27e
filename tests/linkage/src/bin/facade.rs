//! A program that names the facade alone.

fn main() {
    for driver in busway::driver::Registry::linked().iter() {
        println!("{}", driver.name);
    }
}
