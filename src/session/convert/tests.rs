//! Tests of the forms together.
