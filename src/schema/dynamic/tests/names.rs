//! Several schemas side by side.

use serde_json::json;

use super::registry;
use crate::schema::dynamic::Registry;
use crate::schema::parse;

#[test]
fn ids_that_several_schemas_have_mean_the_same_bytes() {
    let mut params = std::collections::HashMap::new();
    for combinator in registry().combinators() {
        let definition = combinator.definition();
        let kinds: Vec<_> = definition.params.iter().map(|param| param.kind.clone()).collect();
        let first = params.entry(definition.id).or_insert_with(|| kinds.clone());
        assert_eq!(*first, kinds, "{definition}");
    }
}

#[test]
fn names_mean_what_their_own_schema_says() {
    let photo = Registry::secret().constructor("photoSize").unwrap();
    assert_ne!(photo.definition().id, registry().constructor("photoSize").unwrap().definition().id);
    let location = json!({"_": "fileLocationUnavailable", "volume_id": 1, "local_id": 2, "secret": 3});
    let json = json!({"_": "photoSize", "type": "s", "location": location, "w": 1, "h": 2, "size": 3});
    let bytes = Registry::secret().from_json(&json).unwrap().encode().unwrap();
    // By its id it is found among all schemas too, and its parts are looked up in the right one.
    assert_eq!(registry().decode(&bytes).unwrap().value.encode().unwrap(), bytes);
    assert!(registry().from_json(&json).is_err());
}

#[test]
fn a_registry_of_ones_own() {
    let text = "leaf = Tree; node left:Tree right:%Pair = Tree; pair a:int b:!X = Pair;";
    assert!(parse(text).is_err(), "`!X` is not declared");
    let schema =
        parse("leaf = Tree; node left:Tree pair:%Pair odd:missing = Tree; pair a:int = Pair;").unwrap();
    let registry = Registry::new([schema]);
    let node = registry.constructor("node").unwrap().definition().id;
    let leaf = registry.constructor("leaf").unwrap().definition().id;
    let bytes = [node.to_le_bytes(), leaf.to_le_bytes(), 5_i32.to_le_bytes()].concat();
    let error = registry.decode(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "at byte 12 (odd): the schema does not define `missing`");
}
