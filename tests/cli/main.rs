//! The `mtwire` command as its users meet it: processes, pipes, a terminal, signals.
//!
//! Most tests give it a loopback server inside the test's own process; `serve` and `login --local` run theirs.
#![cfg(unix)]

mod bad_arguments;
mod bad_login;
mod bad_server;
mod bad_session;
mod calls;
mod command;
mod convert;
mod decode;
mod devices;
mod kill;
mod local;
mod login;
mod logout;
mod passphrase;
mod proxies;
mod repair;
mod serve;
mod show;
mod terminal;
mod terminal_logins;
mod tty;
mod world;
