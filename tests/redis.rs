//! Sessions in Redis, against a real server: `redis-server` from the path, started here.
#![cfg(unix)]

#[path = "redis/broken.rs"]
mod broken;
#[path = "redis/holders.rs"]
mod holders;
#[path = "redis/keeping.rs"]
mod keeping;
#[path = "redis/server.rs"]
mod server;
