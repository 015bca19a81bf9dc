//! axigend
