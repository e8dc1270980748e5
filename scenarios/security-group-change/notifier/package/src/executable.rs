//! What an executable needs of the machine that it runs on, read out of the file itself.

use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, VerneedIterator};
use object::{Endianness, read};

use crate::{Architecture, GLIBC};

/// The libraries of glibc, which every `provided` runtime has. (`provided.al2023` has no other that could be counted on.)
const OF_GLIBC: [&str; 6] =
    ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];

/// What an ELF executable says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// The machine that it is for; none where Lambda has no such machine.
    pub architecture: Option<Architecture>,
    /// The shared libraries that it needs.
    pub libraries: Vec<String>,
    /// The newest glibc whose symbols it needs; none where it needs none.
    pub glibc: Option<(u16, u16)>,
}

/// Why an executable cannot be deployed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The file cannot be read as an ELF executable.
    #[error("it is no 64-bit ELF executable: {0}")]
    Malformed(String),
    /// It is for another machine.
    #[error("it is built for another machine")]
    OtherMachine,
    /// It needs a library that is not there.
    #[error("it needs {0}, which the runtime does not have")]
    Library(String),
    /// It needs a newer glibc.
    #[error("it needs glibc {}.{}, and {}.{} is what it was to be linked against", .0.0, .0.1, GLIBC.0, GLIBC.1)]
    NewerGlibc((u16, u16)),
}

impl From<read::Error> for Unfit {
    fn from(error: read::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl Executable {
    /// Reads it.
    ///
    /// # Errors
    /// It is no 64-bit ELF file, or a broken one.
    pub fn read(bytes: &[u8]) -> Result<Self, Unfit> {
        let header = FileHeader64::<Endianness>::parse(bytes)?;
        let endian = header.endian()?;
        let sections = header.sections(endian, bytes)?;
        let architecture = match header.e_machine(endian) {
            elf::EM_X86_64 => Some(Architecture::X86_64),
            elf::EM_AARCH64 => Some(Architecture::Arm64),
            _ => None,
        };
        let mut libraries = Vec::new();
        if let Some((entries, link)) = sections.dynamic(endian, bytes)? {
            let strings = sections.strings(endian, bytes, link)?;
            for entry in entries.iter().filter(|entry| entry.d_tag.get(endian) == elf::DT_NEEDED) {
                let offset = u32::try_from(entry.d_val.get(endian)).unwrap_or(u32::MAX);
                let name = strings.get(offset).map_err(|()| Unfit::Malformed("a library without a name".to_owned()))?;
                libraries.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        let glibc = match sections.gnu_verneed(endian, bytes)? {
            Some((needed, link)) => newest_glibc(needed, endian, sections.strings(endian, bytes, link)?)?,
            None => None,
        };
        Ok(Self { architecture, libraries, glibc })
    }

    /// Whether it runs on Lambda's machines of this architecture.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, architecture: Architecture) -> Result<(), Unfit> {
        if self.architecture != Some(architecture) {
            return Err(Unfit::OtherMachine);
        }
        if let Some(other) = self.libraries.iter().find(|library| !OF_GLIBC.contains(&library.as_str())) {
            return Err(Unfit::Library(other.clone()));
        }
        match self.glibc {
            Some(needed) if needed > GLIBC => Err(Unfit::NewerGlibc(needed)),
            _ => Ok(()),
        }
    }
}

/// The newest of the versions `GLIBC_…` that are needed (`.gnu.version_r`; *Linux Standard Base*, "Symbol Versioning").
fn newest_glibc(
    mut needed: VerneedIterator<'_, FileHeader64<Endianness>>,
    endian: Endianness,
    strings: read::StringTable<'_>,
) -> Result<Option<(u16, u16)>, Unfit> {
    let mut newest = None;
    while let Some((_, mut versions)) = needed.next()? {
        while let Some(version) = versions.next()? {
            let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
            let Some(number) = name.strip_prefix("GLIBC_") else { continue };
            let mut parts = number.split('.').map(str::parse::<u16>);
            let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
                return Err(Unfit::Malformed(format!("it needs {name}, which is no release of glibc")));
            };
            newest = newest.max(Some((major, minor)));
        }
    }
    Ok(newest)
}
