//! A deployment package: a zip archive, unpacked once and shared by every environment of a code version.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempDir};
use zip::ZipArchive;
use zip::read::ZipFile;

/// The largest package once unpacked, in bytes (250 MB; "Lambda quotas").
const MAX_UNZIPPED: u64 = 262_144_000;
/// The most files and directories in a package. Lambda names no such limit; 250 MB of files rarely have so many.
const MOST_ENTRIES: usize = 100_000;
/// The most parts of all paths together: each may be one more directory to make.
const MOST_PARTS: usize = 10 * MOST_ENTRIES;
/// Others may execute: the bit that counts, because AWS runs the function with a user who does not own the files.
const EXECUTABLE_BY_OTHERS: u32 = 0o001;

/// A package on disk. The files are removed with the last reference.
#[derive(Debug)]
pub struct Package {
    directory: TempDir,
    /// The archive as it was uploaded: who asks for the code gets these bytes.
    archive: NamedTempFile,
    code_sha256: String,
    code_size: u64,
}

/// Why an archive is not a deployment package. Each is AWS's `InvalidParameterValueException`, HTTP 400, but for
/// [`PackageError::Disk`].
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Not a zip archive, or a damaged one.
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    Unzip(#[source] zip::result::ZipError),
    /// An entry whose path or link leaves the package.
    #[error(
        "Could not unzip uploaded file. Please check your file, then try to upload again. (`{0}` leaves the package)"
    )]
    Escapes(String),
    /// An archive without any file.
    #[error("Uploaded file must be a non-empty zip")]
    Empty,
    /// An entry that cannot be a file: its name is too long, or another entry's.
    #[error(
        "Could not unzip uploaded file. Please check your file, then try to upload again. (`{path}` cannot be written: \
         {source})"
    )]
    Entry {
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// More files and directories than the lab takes.
    #[error(
        "Could not unzip uploaded file. It has more than {MOST_ENTRIES} entries, or their paths more than {MOST_PARTS} \
         parts, which are the lab's own limits"
    )]
    TooMany,
    /// More than 250 MB of files.
    #[error("Unzipped size must be smaller than {MAX_UNZIPPED} bytes")]
    TooLarge,
    /// The lab's own disk failed; not the user's fault.
    #[error("cannot unpack the deployment package to {path}: {source}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl PackageError {
    /// AWS's name of the error.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Disk { .. } => "ServiceException",
            _ => "InvalidParameterValueException",
        }
    }
}

impl Package {
    /// Unpacks an archive into a directory of its own, with its Unix permissions. Blocks while it writes.
    ///
    /// # Errors
    /// When the bytes are not an archive that Lambda would take.
    pub fn unpack(archive: &[u8]) -> Result<Self, PackageError> {
        let disk = |source| PackageError::Disk { path: std::env::temp_dir(), source };
        let directory = tempfile::Builder::new().prefix("lambda-").tempdir().map_err(disk)?;
        let mut zip = ZipArchive::new(Cursor::new(archive)).map_err(PackageError::Unzip)?;
        unpack_entries(&mut zip, directory.path())?;
        let mut kept = tempfile::Builder::new().prefix("lambda-").suffix(".zip").tempfile().map_err(disk)?;
        io::Write::write_all(&mut kept, archive).map_err(disk)?;
        Ok(Self {
            directory,
            archive: kept,
            code_sha256: BASE64_STANDARD.encode(Sha256::digest(archive)),
            code_size: archive.len() as u64,
        })
    }

    /// AWS's `CodeSha256`: the SHA-256 of the archive, base64.
    #[must_use]
    pub fn code_sha256(&self) -> &str {
        &self.code_sha256
    }

    /// AWS's `CodeSize`: the archive's size in bytes.
    #[must_use]
    pub fn code_size(&self) -> u64 {
        self.code_size
    }

    /// The archive, as it was uploaded.
    ///
    /// # Errors
    /// The disk's.
    pub fn archive(&self) -> io::Result<Vec<u8>> {
        fs::read(self.archive.path())
    }

    /// Where the files are: `LAMBDA_TASK_ROOT`.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The custom runtime's `bootstrap`, or AWS's message of `Runtime.InvalidEntrypoint`. The message names AWS's
    /// paths, because people search for them.
    pub(super) fn bootstrap(&self) -> Result<PathBuf, String> {
        let path = self.root().join("bootstrap");
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                if metadata.permissions().mode() & EXECUTABLE_BY_OTHERS == 0 {
                    return Err("fork/exec /var/task/bootstrap: permission denied".into());
                }
                Ok(path)
            }
            _ => Err("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".into()),
        }
    }
}

/// Whose fault it is that something could not be written: the archive's, if its names make no files.
fn not_written(path: &Path, source: io::Error) -> PackageError {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, PermissionDenied};

    let path = path.to_owned();
    match source.kind() {
        // A file stands where a directory must be, or the other way round; or one that its own mode protects.
        AlreadyExists | InvalidFilename | InvalidInput | IsADirectory | NotADirectory | PermissionDenied => {
            PackageError::Entry { path, source }
        }
        _ => PackageError::Disk { path, source },
    }
}

fn unpack_entries(zip: &mut ZipArchive<Cursor<&[u8]>>, root: &Path) -> Result<(), PackageError> {
    let mut left = MAX_UNZIPPED;
    let mut links = Vec::new();
    let mut files = 0;
    let parts: usize = zip.file_names().map(|name| name.split(['/', '\\']).count()).sum();
    if zip.len() > MOST_ENTRIES || parts > MOST_PARTS {
        return Err(PackageError::TooMany);
    }
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(PackageError::Unzip)?;
        let Some(inside) = entry.enclosed_name() else {
            return Err(PackageError::Escapes(entry.name().to_owned()));
        };
        let path = root.join(&inside);
        if entry.is_dir() {
            create_directory(&path)?;
            continue;
        }
        files += 1;
        if let Some(parent) = path.parent() {
            create_directory(parent)?;
        }
        if entry.is_symlink() {
            links.push((link_target(&mut entry, &inside)?, path));
        } else {
            left = left.checked_sub(write_file(&mut entry, &path, left)?).ok_or(PackageError::TooLarge)?;
        }
    }
    // Links come last, so that no file can be written through one.
    for (target, path) in links {
        symlink(&target, &path).map_err(|source| not_written(&path, source))?;
    }
    if files == 0 { Err(PackageError::Empty) } else { Ok(()) }
}

fn create_directory(path: &Path) -> Result<(), PackageError> {
    fs::create_dir_all(path).map_err(|source| not_written(path, source))
}

fn write_file(entry: &mut ZipFile<'_, Cursor<&[u8]>>, path: &Path, left: u64) -> Result<u64, PackageError> {
    let disk = |source| not_written(path, source);
    let mut file = File::create(path).map_err(disk)?;
    let mode = entry.unix_mode().unwrap_or(0o644) & 0o777;
    // One byte more than what is left shows an archive that expands beyond the limit, whatever its header claims.
    let mut limited = entry.take(left + 1);
    let mut buffer = vec![0; 64 * 1024];
    let mut written = 0;
    loop {
        let read = limited.read(&mut buffer).map_err(|error| PackageError::Unzip(error.into()))?;
        if read == 0 {
            break;
        }
        io::Write::write_all(&mut file, &buffer[..read]).map_err(disk)?;
        written += read as u64;
    }
    file.set_permissions(fs::Permissions::from_mode(mode)).map_err(disk)?;
    Ok(written)
}

/// Where a link points, if that is inside the package.
fn link_target(entry: &mut ZipFile<'_, Cursor<&[u8]>>, inside: &Path) -> Result<PathBuf, PackageError> {
    let name = entry.name().to_owned();
    let mut target = String::new();
    entry.take(4096).read_to_string(&mut target).map_err(|error| PackageError::Unzip(error.into()))?;
    let mut depth = inside.components().count() as isize - 1;
    for component in Path::new(&target).components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => depth -= 1,
            Component::RootDir | Component::Prefix(_) => return Err(PackageError::Escapes(name)),
        }
        if depth < 0 {
            return Err(PackageError::Escapes(name));
        }
    }
    Ok(PathBuf::from(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn archive(entries: &[(&str, u32, &str)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, mode, text) in entries {
            writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_keep_their_permissions_and_the_digest_is_of_the_archive() {
        let bytes = archive(&[("bootstrap", 0o755, "#!/bin/sh\n"), ("lib/data.txt", 0o640, "x")]);
        let package = Package::unpack(&bytes).unwrap();
        let mode = |path: &str| fs::metadata(package.root().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bootstrap"), mode("lib/data.txt")), (0o755, 0o640));
        assert_eq!(package.code_size(), bytes.len() as u64);
        assert_eq!(package.code_sha256(), BASE64_STANDARD.encode(Sha256::digest(&bytes)));
        assert_eq!(package.bootstrap().unwrap(), package.root().join("bootstrap"));
        let root = package.root().to_owned();
        drop(package);
        assert!(!root.exists(), "the files stay behind after the package is gone");
    }

    #[test]
    fn what_is_no_archive_is_refused_in_aws_words() {
        let error = Package::unpack(b"def handler(event, context): pass").unwrap_err();
        assert_eq!(error.error_type(), "InvalidParameterValueException");
        assert_eq!(
            error.to_string(),
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        );
        let mut damaged = archive(&[("bootstrap", 0o755, &"text ".repeat(1000))]);
        let middle = damaged.len() / 2;
        damaged[30..middle].fill(0);
        assert!(matches!(Package::unpack(&damaged), Err(PackageError::Unzip(_))));
        assert!(matches!(Package::unpack(&archive(&[])), Err(PackageError::Empty)));
    }

    #[test]
    fn nothing_is_written_outside_of_the_package() {
        let error = Package::unpack(&archive(&[("../evil", 0o644, "x")])).unwrap_err();
        assert!(matches!(error, PackageError::Escapes(name) if name == "../evil"));
        for (target, allowed) in [("/etc/passwd", false), ("../../etc", false), ("../bootstrap", true)] {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            writer.add_symlink("bin/link", target, SimpleFileOptions::default()).unwrap();
            let bytes = writer.finish().unwrap().into_inner();
            assert_eq!(Package::unpack(&bytes).is_ok(), allowed, "{target}");
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_fills_the_disk() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        let zeros = vec![0; 1 << 20];
        for file in 0..2 {
            writer.start_file(format!("zeros-{file}"), options).unwrap();
            for _ in 0..126 {
                writer.write_all(&zeros).unwrap();
            }
        }
        let bytes = writer.finish().unwrap().into_inner();
        assert!(bytes.len() < 1 << 20, "{} bytes", bytes.len());
        assert!(matches!(Package::unpack(&bytes), Err(PackageError::TooLarge)));
    }

    #[test]
    fn names_that_cannot_be_files_are_the_callers_mistake() {
        let long = "n".repeat(300);
        for entries in [
            &[(long.as_str(), 0o644, "x")][..],
            &[("a", 0o644, "x"), ("a/b", 0o644, "x")],
            &[("a/b", 0o644, "x"), ("a", 0o644, "x")],
            &[(".", 0o644, "x")],
            &[("a\0b", 0o644, "x")],
        ] {
            let error = Package::unpack(&archive(entries)).unwrap_err();
            assert_eq!(error.error_type(), "InvalidParameterValueException", "{entries:?}: {error}");
        }
        let many: Vec<String> = (0..=MOST_ENTRIES).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), 0o644, "")).collect();
        assert!(matches!(Package::unpack(&archive(&many)), Err(PackageError::TooMany)));
        let deep: Vec<String> = (0..1100).map(|number| vec![number.to_string(); 1000].join("/")).collect();
        let deep: Vec<_> = deep.iter().map(|name| (name.as_str(), 0o644, "")).collect();
        assert!(matches!(Package::unpack(&archive(&deep)), Err(PackageError::TooMany)));
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("link", "a", SimpleFileOptions::default()).unwrap();
        writer.start_file("a", SimpleFileOptions::default()).unwrap();
        writer.add_symlink("a/link", "b", SimpleFileOptions::default()).unwrap();
        let error = Package::unpack(&writer.finish().unwrap().into_inner()).unwrap_err();
        assert_eq!(error.error_type(), "InvalidParameterValueException", "{error}");
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let outside = tempfile::tempdir().unwrap();
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("out", outside.path().to_str().unwrap(), SimpleFileOptions::default()).unwrap();
        writer.start_file("out/file", SimpleFileOptions::default()).unwrap();
        writer.write_all(b"x").unwrap();
        let error = Package::unpack(&writer.finish().unwrap().into_inner()).unwrap_err();
        assert!(matches!(error, PackageError::Escapes(_)), "{error}");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_bootstrap_that_cannot_run_is_named_as_aws_names_it() {
        let missing = Package::unpack(&archive(&[("main", 0o755, "")])).unwrap();
        assert_eq!(
            missing.bootstrap().unwrap_err(),
            "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
        );
        let unreadable = Package::unpack(&archive(&[("bootstrap", 0o644, "")])).unwrap();
        assert_eq!(unreadable.bootstrap().unwrap_err(), "fork/exec /var/task/bootstrap: permission denied");
    }
}
