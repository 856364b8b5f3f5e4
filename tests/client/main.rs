//! The client against the loopback DC and against servers that are none.

mod calls;
mod connecting;
mod cutting_proxy;
mod loopback;
mod losing;
mod moving;
mod order;
mod other_dcs;
mod pfs;
mod proxies;
mod refusals;
mod relay;
mod scripted;
mod shutdown;
mod transports;
