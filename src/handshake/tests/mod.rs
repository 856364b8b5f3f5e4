mod known_answers;

#[cfg(any(feature = "server", feature = "simulation"))]
mod both_sides;
#[cfg(any(feature = "server", feature = "simulation"))]
mod hostile_client;
#[cfg(any(feature = "server", feature = "simulation"))]
mod hostile_server;
#[cfg(any(feature = "server", feature = "simulation"))]
mod wire;
