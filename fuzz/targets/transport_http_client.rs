#![no_main]
mtwire_fuzz::target!();
