use super::ast::{Definition, ParamKind, Schema, Span, Type};
use super::check::check;
use super::error::ErrorKind;
use super::{id, parse};
use proptest::prelude::*;

const MTPROTO: &str = include_str!("../../tl-schema/mtproto.tl");
const API: &str = include_str!("../../tl-schema/api.tl");
const SECRET: &str = include_str!("../../tl-schema/secret.tl");
const FILES: [(&str, &str); 3] = [("mtproto.tl", MTPROTO), ("api.tl", API), ("secret.tl", SECRET)];

fn all(schema: &Schema) -> impl Iterator<Item = &Definition> {
    schema.types.iter().chain(&schema.functions)
}

fn one(text: &str) -> Definition {
    let mut schema = parse(text).unwrap();
    assert_eq!(schema.types.len(), 1);
    schema.types.remove(0)
}

fn kind_of(text: &str) -> ErrorKind {
    parse(text).unwrap_err().kind().clone()
}

fn problems(text: &str) -> Vec<ErrorKind> {
    check(&parse(text).unwrap(), text).iter().map(|e| e.kind().clone()).collect()
}

/// Where things stood is the one part of the tree that printing does not keep.
fn without_places(mut definition: Definition) -> Definition {
    definition.span = Span::default();
    definition.layer = None;
    for param in &mut definition.params {
        param.span = Span::default();
    }
    definition
}

#[test]
fn the_files_hold_the_whole_schema() {
    let counts = FILES.map(|(name, text)| {
        let schema = parse(text).unwrap_or_else(|e| panic!("{}", e.in_file(name)));
        (schema.types.len(), schema.functions.len(), schema.layer)
    });
    assert_eq!(counts, [(49, 10, None), (1703, 850, Some(230)), (86, 0, Some(8))]);
}

#[test]
fn the_files_have_no_problems() {
    for (name, text) in FILES {
        let problems = check(&parse(text).unwrap(), text);
        let shown: Vec<_> = problems.into_iter().map(|problem| problem.in_file(name).to_string()).collect();
        assert!(shown.is_empty(), "{}", shown.join("\n"));
    }
}

#[test]
fn ids_are_the_crc32_of_the_text_but_for_the_listed_ones() {
    let mut assigned = Vec::new();
    for (_, text) in FILES {
        let schema = parse(text).unwrap();
        for definition in all(&schema) {
            assert!(definition.explicit_id, "{}", definition.name);
            if id::computed(definition) != definition.id {
                assigned.push(definition.name.clone());
            }
        }
    }
    assert_eq!(assigned, id::ASSIGNED);
}

#[test]
fn suffixed_constructors_have_the_id_of_the_plain_name() {
    let schema = parse(SECRET).unwrap();
    let suffixed = schema.types.iter().filter(|d| id::ASSIGNED.contains(&d.name.as_str()));
    let mut others = Vec::new();
    for definition in suffixed {
        let mut plain = definition.clone();
        plain.name = plain.name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        if id::computed(&plain) != definition.id {
            others.push(definition.name.as_str());
        }
    }
    assert_eq!(others, ["decryptedMessageMediaDocument"]);
}

#[test]
fn known_ids() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/data/vectors.json")).unwrap();
    let mut seen = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        if vector["kind"] != "constructor_id" {
            continue;
        }
        seen += 1;
        let text = format!("{};", vector["inputs"]["definition"].as_str().unwrap());
        let definition = one(&text);
        assert!(!definition.explicit_id);
        assert_eq!(id::normalized(&definition), vector["inputs"]["canonical_string"].as_str().unwrap());
        assert_eq!(format!("{:08x}", definition.id), vector["outputs"]["id"].as_str().unwrap());
    }
    assert_eq!(seen, 9);
}

#[test]
fn printing_parses_back_to_the_same_tree() {
    for (_, text) in FILES {
        let schema = parse(text).unwrap();
        for definition in all(&schema) {
            let again = one(&definition.to_string());
            assert_eq!(without_places(again), without_places(definition.clone()));
        }
    }
}

#[test]
fn layers_follow_their_comments() {
    let schema =
        parse("a = A; // LAYER 8\nb = A; // layer 9\n//LAYER 23\nc d:int // LAYER 45\n = A;").unwrap();
    let layers: Vec<_> = schema.types.iter().map(|d| d.layer).collect();
    assert_eq!((schema.layer, layers), (Some(8), vec![None, Some(8), Some(23)]));
}

#[test]
fn sections_and_comments() {
    let schema = parse("a = A; ---functions--- f = A; /* b = B; \n*/ ---types--- // c = C;\nd = D;").unwrap();
    let names = |d: &[Definition]| d.iter().map(|d| d.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&schema.types), ["a", "d"]);
    assert_eq!(names(&schema.functions), ["f"]);
}

#[test]
fn declarations_of_builtins_are_left_out() {
    let text = "int ? = Int; long ? = Long; string ? = String; int128 4*[ int ] = Int128;\n\
                vector#1cb5c415 {t:Type} # [ t ] = Vector t; a = A;";
    assert_eq!(one(text).name, "a");
    assert!(matches!(kind_of("int ? = Int"), ErrorKind::Unexpected { .. }));
}

#[test]
fn the_spellings_of_types() {
    let text = "x a:%Foo b:foo c:vector<%Foo> d:Vector<Vector<int>> e:(vector int) f:Vector long g:%Vector<int> \
                h:auth.foo i:auth.Foo = X;";
    let vector = |bare, item| Type::Vector { bare, item: Box::new(item) };
    let bare = |name: &str| Type::Bare(name.to_owned());
    let expected = [
        bare("Foo"),
        bare("foo"),
        vector(true, bare("Foo")),
        vector(false, vector(false, Type::Int)),
        vector(true, Type::Int),
        vector(false, Type::Long),
        vector(true, Type::Int),
        bare("auth.foo"),
        Type::Boxed("auth.Foo".to_owned()),
    ];
    let kinds: Vec<_> = one(text).params.into_iter().map(|p| p.kind).collect();
    assert_eq!(kinds, expected.map(ParamKind::Required));
}

#[test]
fn errors_show_the_place() {
    let error = parse("a = A;\n  foo a:int = B = C;\n").unwrap_err().in_file("x.tl");
    let expected =
        "expected `;`, found `=`\n --> x.tl:2:17\n  |\n2 |   foo a:int = B = C;\n  |                 ^";
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.span(), Span { line: 2, column: 17 });

    let text = "f#1 flags:# = X;\n\n\n\n\n\n\n\n\nλ:int";
    let error = parse(text).unwrap_err();
    let expected = "no token begins with 'λ'\n  --> schema:10:1\n   |\n10 | λ:int\n   | ^";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let text = format!("a{} = A;", " b:int".repeat(10_000));
    let text = format!("{text} ?{}", "x".repeat(10_000));
    let shown = parse(&text).unwrap_err().to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert!(shown.len() < 500, "{shown}");
    let caret = lines[4].chars().count() - 1;
    assert_eq!(lines[3].chars().nth(caret), Some('?'));
}

#[test]
fn what_the_parser_refuses() {
    let unexpected = |text, expected: &'static str, found: &str| {
        assert_eq!(kind_of(text), ErrorKind::Unexpected { expected, found: found.to_owned() });
    };
    unexpected("a = A", "`;`", "the end of the text");
    unexpected("a b = A;", "`:`", "`=`");
    unexpected("1a = A;", "a definition", "`1a`");
    unexpected("a {X:Foo} = A;", "`Type`", "`Foo`");
    unexpected("a = Vector<int;", "`>`", "`;`");
    unexpected("a b:%int = A;", "a boxed type", "a type that is bare already");
    assert_eq!(kind_of("a#123456789 = A;"), ErrorKind::BadId("123456789".into()));
    assert_eq!(kind_of("a#xyz = A;"), ErrorKind::BadId("xyz".into()));
    assert_eq!(kind_of("a f:# b:f.32?int = A;"), ErrorKind::BadBit("32".into()));
    assert_eq!(kind_of("a f:# b:f.999999999999?int = A;"), ErrorKind::BadBit("999999999999".into()));
    assert_eq!(kind_of("a b:Maybe<int> = A;"), ErrorKind::NotGeneric("Maybe".into()));
    assert_eq!(kind_of("a b:!X = X;"), ErrorKind::UndeclaredGeneric("X".into()));
    assert_eq!(kind_of("a {X:Type} b:X = X;"), ErrorKind::BareGeneric("X".into()));
    assert_eq!(kind_of("/* a = A;"), ErrorKind::UnterminatedComment);
    assert_eq!(kind_of("---constants---"), ErrorKind::UnknownSection);
    assert_eq!(kind_of("a & b = A;"), ErrorKind::UnexpectedCharacter('&'));
}

#[test]
fn hostile_nesting_is_an_error_and_not_a_stack_overflow() {
    for opening in ["Vector<", "(", "%", "vector "] {
        let text = format!("a b:{}", opening.repeat(100_000));
        assert_eq!(kind_of(&text), ErrorKind::TooDeep, "{opening}");
    }
}

#[test]
fn what_the_check_reports() {
    assert_eq!(problems("a = A; b x:A y:%A z:a = B; ---functions--- a = A;").len(), 1, "id of `a` twice");
    let mismatch = ErrorKind::IdMismatch { explicit: 0x1234, computed: id::computed(&one("a = A;")) };
    assert_eq!(problems("a#1234 = A;"), [mismatch]);
    assert_eq!(problems("ipPortSecret#37982646 ipv4:int port:int secret:bytes = IpPort;"), []);
    assert_eq!(problems("a x:Vector<B> = A;"), [ErrorKind::UnknownType("B".into())]);
    assert_eq!(problems("---functions---\nf = B;"), [ErrorKind::UnknownType("B".into())]);
    assert_eq!(problems("a x:Object = A;"), []);
    assert_eq!(problems("a x:b = A;"), [ErrorKind::UnknownBare("b".into())]);
    assert_eq!(problems("a = A; b = A; c x:%A = C;"), [ErrorKind::UnknownBare("A".into())]);
    assert_eq!(problems("a x:int x:int = A;"), [ErrorKind::DuplicateParam("x".into())]);
    assert_eq!(problems("a = A; a x:int = A;"), [ErrorKind::DuplicateName("a".into())]);
    let id = one("a = A;").id;
    let duplicate = ErrorKind::DuplicateId { id, first: "a".into() };
    assert_eq!(problems(&format!("a = A; ipPortSecret#{id:08x} = A;")), [duplicate]);
    assert_eq!(problems("a x:f.1?int f:# = A;"), [ErrorKind::MissingFlags("f".into())]);
    assert_eq!(problems("a x:true = A;"), [ErrorKind::RequiredTrue]);
    assert_eq!(problems("a = A; ---functions--- f {X:Type} = A;"), [ErrorKind::UnusedGeneric("X".into())]);
}

#[test]
fn problems_come_in_the_order_of_the_text_and_show_the_parameter() {
    let text = "a x:int x:int = A;\nb y:C = B;\n";
    let found = check(&parse(text).unwrap(), text);
    let places: Vec<_> = found.iter().map(|e| (e.span().line, e.span().column)).collect();
    assert_eq!(places, [(1, 9), (2, 3)]);
    assert!(found[1].to_string().ends_with("2 | b y:C = B;\n  |   ^"));
}

proptest! {
    #[test]
    fn any_text_parses_or_is_refused(text in any::<String>()) {
        if let Ok(schema) = parse(&text) {
            check(&schema, &text);
        }
    }

    #[test]
    fn any_soup_of_tokens_parses_or_is_refused(
        tokens in proptest::collection::vec(prop::sample::select(vec![
            "a", "A", "x:", "int", "flags", ":", "#", "#ff ", ".", "3", "?", "=", ";", "!", "X", "%", "{X:Type}", "<", ">",
            "(", ")", "[", "]", "*", "Vector", "vector", "true", "// LAYER 3\n", "/*", "*/", "---types---", "\n", " ", "é", "\t",
        ]), 0..60)
    ) {
        let text = tokens.concat();
        match parse(&text) {
            Ok(schema) => {
                for definition in all(&schema) {
                    let again = one(&definition.to_string());
                    prop_assert_eq!(without_places(again), without_places(definition.clone()));
                }
                check(&schema, &text);
            }
            Err(error) => { let _ = error.to_string(); }
        }
    }
}
