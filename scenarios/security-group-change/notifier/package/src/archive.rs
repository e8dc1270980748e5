//! The zip that Lambda takes.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::Error;

/// The name under which Lambda starts the executable of a `provided` runtime.
pub const BOOTSTRAP: &str = "bootstrap";

/// A zip of this executable alone.
pub(crate) fn zip(executable: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Zip(error.to_string());
    let options = SimpleFileOptions::default()
        // A fixed time: the same executable makes the same package.
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755)
        .compression_level(Some(9));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(BOOTSTRAP, options).map_err(|error| failed(&error))?;
    writer.write_all(executable).map_err(|error| failed(&error))?;
    Ok(writer.finish().map_err(|error| failed(&error))?.into_inner())
}
