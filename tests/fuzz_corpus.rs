//! Replays the kept corpora of all fuzz targets, so that what a fuzzer once found stays fixed.

use std::{collections::BTreeSet, fs, path::Path};

#[path = "../fuzz/src/bodies/mod.rs"]
mod bodies;

#[test]
fn kept_corpora() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for target in bodies::TARGETS {
        let mut inputs: Vec<_> = fs::read_dir(corpus.join(target.name))
            .unwrap_or_else(|error| panic!("corpus of {}: {error}", target.name))
            .map(|entry| entry.unwrap().path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{} has no corpus", target.name);
        for input in inputs {
            // Shown when the body panics.
            println!("{}", input.display());
            (target.run)(&fs::read(&input).unwrap());
        }
    }
}

#[test]
fn every_corpus_has_a_target_and_every_target_a_file() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |dir: &str| -> BTreeSet<String> {
        fs::read_dir(fuzz.join(dir))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    let targets: BTreeSet<_> = bodies::TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("targets"), targets);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for name in targets {
        assert!(
            manifest.contains(&format!("path = \"targets/{name}.rs\"")),
            "{name} is not in fuzz/Cargo.toml"
        );
    }
}

#[test]
fn empty_input_and_one_byte_are_fine_everywhere() {
    for target in bodies::TARGETS {
        (target.run)(&[]);
        (0..=255).step_by(15).for_each(|byte| (target.run)(&[byte]));
    }
}
