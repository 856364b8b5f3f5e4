mod known_answers;

#[cfg(feature = "server")]
mod both_sides;
#[cfg(feature = "server")]
mod hostile_client;
#[cfg(feature = "server")]
mod hostile_server;
#[cfg(feature = "server")]
mod wire;
