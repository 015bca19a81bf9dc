//! axictl
fn main() {}
