//! `mtwire decode`.

use serde_json::Value;

use crate::command::{run, run_with};

/// The bytes of a vector of `tests/data/vectors.json`, in hexadecimal.
fn vector(id: &str) -> String {
    let all: Value = serde_json::from_str(include_str!("../data/vectors.json")).unwrap();
    let found = all["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap();
    found["outputs"]["hex"].as_str().unwrap().to_owned()
}

#[test]
fn a_published_container_is_shown_as_a_tree() {
    let hex = vector("tl.container");
    let tree = run(["decode", &hex]).succeeds().stdout;
    let want = "     0     72  msg_container#73f1f8dc
     4     68    messages: vector<%Message> (2)
     8     28      [0] message#5bb8e511
     8      8        msg_id: long = 6917529027641081860
    16      4        seqno: int = 1
    20      4        bytes: int = 12
    24     12        body: ping#7abe77ec
    28      8          ping_id: long = 7
";
    assert!(tree.starts_with(want), "{tree}");

    let dir = tempfile::tempdir().unwrap();
    let as_text = dir.path().join("text");
    std::fs::write(&as_text, format!("{}\n{}\n", &hex[..20], &hex[20..])).unwrap();
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let as_bytes = dir.path().join("bytes");
    std::fs::write(&as_bytes, bytes).unwrap();
    for file in [as_text, as_bytes] {
        assert_eq!(run(["decode", file.to_str().unwrap()]).succeeds().stdout, tree);
    }
    assert_eq!(run_with(["decode", "-"], &hex).succeeds().stdout, tree);
}

#[test]
fn json_and_a_type_of_one_s_choice() {
    let json = run(["decode", "--json", &vector("tl.msgs_ack")]).succeeds().json();
    assert_eq!(json, serde_json::json!({"_": "msgs_ack", "msg_ids": ["5901257869632771660"]}));
    let json =
        run(["decode", "--json", "--as", "Vector<long>", &vector("tl.vector-long-boxed")]).succeeds().json();
    assert_eq!(json, serde_json::json!(["1", "-1"]));
}

#[test]
fn what_cannot_be_decoded_fails_with_the_place() {
    let whole = vector("tl.msgs_ack");
    run(["decode", &whole[..whole.len() - 8]]).fails(1, "at byte ");
    run(["decode", "01020304"]).fails(1, "at byte 0: no constructor has the id 04030201");
    run(["decode", &format!("{whole}00000000")]).fails(1, "4 bytes follow the value");
    run(["decode", ""]).fails(2, "neither hexadecimal digits nor a file");
    run(["decode", "xyz"]).fails(2, "xyz is neither hexadecimal digits nor a file that can be read");
    run(["decode", "--as", "NoSuchType", &whole]).fails(1, "NoSuchType");
    let ended = run(["decode", "--json", "01020304"]).fails(1, "no constructor");
    assert!(ended.json()["error"].is_string());
}
