//! The programs of `examples/`, run as a user would, against a loopback server.

#[path = "../cli/command.rs"]
#[allow(dead_code, reason = "shared with the tests of the command, which use all of it")]
mod command;
mod from_code;
mod http;
mod terminal;
#[path = "../cli/tty.rs"]
#[allow(dead_code, reason = "shared with the tests of the command, which use all of it")]
mod tty;
mod web_login;
mod world;
