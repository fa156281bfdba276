//! it
#[test]
fn a() {}
mod rules_golden;
mod rules_properties;
