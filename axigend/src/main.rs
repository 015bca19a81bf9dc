//! axigend
fn main() {}
