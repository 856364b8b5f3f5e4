//! The client against the loopback DC and against servers that are none.

mod calls;
mod connecting;
mod cutting_proxy;
mod loopback;
mod losing;
mod moving;
mod proxies;
mod refusals;
mod scripted;
mod shutdown;
mod transports;
