//! Generates the Rust types of the schemas in `tl-schema/`.

use std::path::Path;
use std::{env, fs, process};

// The parser and the generator are part of the library; here they are compiled once more, before it. The other
// modules of `src/schema/` need the library.
#[allow(dead_code, unused_imports)]
#[path = "src/schema"]
mod schema {
    pub mod ast;
    mod display;
    pub mod error;
    pub mod generate;
    pub mod id;
    mod lexer;
    mod parser;

    pub use parser::{MAX_TYPE_DEPTH, parse};
}

fn main() {
    println!("cargo:rerun-if-changed=src/schema");
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    generate("mtproto", "crate::tl::mtproto", Path::new(&out));
    if env::var_os("CARGO_FEATURE_API").is_some() {
        generate("api", "crate::tl::api", Path::new(&out));
    }
    if env::var_os("CARGO_FEATURE_SECRET").is_some() {
        generate("secret", "crate::tl::secret", Path::new(&out));
    }
}

fn generate(name: &str, root: &str, out: &Path) {
    let source = format!("tl-schema/{name}.tl");
    println!("cargo:rerun-if-changed={source}");
    let text = fs::read_to_string(&source).unwrap_or_else(|error| fail(&format!("{source}: {error}")));
    let parsed = schema::parse(&text).unwrap_or_else(|error| fail(&error.in_file(&source).to_string()));
    let target = out.join(format!("{name}.rs"));
    let code = schema::generate::generate(&parsed, root);
    fs::write(&target, code).unwrap_or_else(|error| fail(&format!("{}: {error}", target.display())));
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    process::exit(1)
}
