//! In the place of `pem`, in a build without that feature.

use super::{KeyError, PublicKey};

impl PublicKey {
    /// Reads PEM text; without the feature `pem` it refuses any.
    ///
    /// # Errors
    /// [`KeyError::NotBuilt`].
    pub fn from_pem(_pem: &str) -> Result<Self, KeyError> {
        Err(KeyError::NotBuilt { feature: "pem" })
    }
}
