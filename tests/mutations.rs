//! The planted bugs of `tests/mutations` still fit the sources. Whether the simulation finds them is tried by
//! `tests/mutations/run.sh`, which compiles the library once for each.

#[path = "mutations/simulate/mutation.rs"]
mod mutation;

use std::path::Path;

use mutation::Mutation;

#[test]
fn every_planted_bug_fits_its_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("tests/mutations")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "mutation") {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let mutation =
            Mutation::parse(&text).unwrap_or_else(|| panic!("{} has another form", path.display()));
        let source = std::fs::read_to_string(root.join(&mutation.file)).unwrap();
        let mutated = mutation.apply(&source);
        assert!(mutated.is_some(), "{}: its text is not in {} exactly once", path.display(), mutation.file);
        assert_ne!(mutated.unwrap(), source);
    }
    assert!(seen >= 10, "{seen}");
}
