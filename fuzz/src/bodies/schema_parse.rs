//! The TL parser: text that is a schema survives being printed and read again.

use mtwire::schema::{check, id, parse};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let schema = match parse(text) {
        Ok(schema) => schema,
        Err(error) => {
            // Errors cut the line and place the caret in it: that, too, must hold for any text.
            let _ = error.in_file("fuzz.tl").to_string();
            return;
        }
    };
    for problem in check::check(&schema, text) {
        let _ = problem.to_string();
    }
    for definition in schema.types.iter().chain(&schema.functions) {
        let printed = definition.to_string();
        let again = parse(&printed).unwrap_or_else(|error| panic!("{printed:?} was printed, but: {error}"));
        let [definition_again] = &again.types[..] else { panic!("{printed:?} became {again:?}") };
        assert_eq!(definition_again.to_string(), printed);
        assert_eq!(id::computed(definition_again), id::computed(definition), "{printed}");
    }
}
