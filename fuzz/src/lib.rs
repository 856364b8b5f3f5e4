//! The bodies of the fuzz targets, and the macro that makes a target of one.

pub mod bodies;

/// Runs the body called `name`.
///
/// # Panics
/// When there is none, and on a finding.
pub fn run(name: &str, data: &[u8]) {
    let target = bodies::TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("no target {name}")).run)(data);
}

/// The whole of a target's file: libFuzzer's entry point, for the body that has the file's name.
#[macro_export]
macro_rules! target {
    () => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::run(env!("CARGO_BIN_NAME"), data));
    };
}
