//! What a function writes to its standard output and error, line by line into its log stream.
//!
//! A record of Python's `logging` is one event however many lines it has. AWS's runtime writes such records to a channel of
//! their own, each with its length; the lab's writes them into the output, where they keep their place among the lines:
//!
//! ```text
//! RS (0x1e)  the stream's frame  space  level  space  bytes  line break  the record
//! ```

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe::Receiver;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::super::logging::Level;
use super::super::logs::LogStream;

/// The largest event of CloudWatch Logs, in bytes (256 KB); a longer line is split.
const MAX_LINE: usize = 262_144;
/// How long to wait for the end of the output of a process that was killed. Only a process that left the group can
/// keep it open longer.
const FINISH_LIMIT: Duration = Duration::from_millis(200);

/// How many pieces of 16 KB to read at once: 1 MB, the most that Linux lets a pipe hold.
const PIECES: usize = 64;

/// The reader of the pipe.
pub(super) struct Output {
    flushes: mpsc::UnboundedSender<oneshot::Sender<()>>,
    reader: JoinHandle<()>,
}

impl Output {
    pub(super) fn capture(pipe: OwnedFd, stream: &Arc<LogStream>) -> io::Result<Self> {
        let (flushes, requests) = mpsc::unbounded_channel();
        let mark = [b"\x1e", stream.frame().as_bytes()].concat();
        let pipe = Receiver::from_owned_fd(pipe)?;
        let lines = Lines { pipe, mark, line: Vec::new(), record: None, stream: Arc::clone(stream) };
        Ok(Self { flushes, reader: tokio::spawn(lines.run(requests)) })
    }

    /// Waits until all that was written before this call is in the log.
    pub(super) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        // A reader that is gone has read everything.
        if self.flushes.send(done).is_ok() {
            let _ = flushed.await;
        }
    }

    /// Waits for the end of the output.
    pub(super) async fn finish(&mut self) {
        if tokio::time::timeout(FINISH_LIMIT, &mut self.reader).await.is_err() {
            self.reader.abort();
        }
    }
}

/// What a reader knows of its pipe.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pipe {
    Empty,
    MayHaveMore,
    Ended,
}

struct Lines {
    pipe: Receiver,
    /// What begins a record.
    mark: Vec<u8>,
    line: Vec<u8>,
    record: Option<Record>,
    stream: Arc<LogStream>,
}

/// A record of which more is to come.
struct Record {
    level: Option<Level>,
    text: Vec<u8>,
    left: usize,
}

impl Record {
    /// From what stands between the mark and the line break.
    fn parse(head: &[u8]) -> Option<Self> {
        let (level, bytes) = str::from_utf8(head).ok()?.trim_start().split_once(' ')?;
        Some(Self { level: level.parse().ok(), text: Vec::new(), left: bytes.parse().ok()? })
    }
}

impl Lines {
    async fn run(mut self, mut requests: mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
        let mut pipe = Pipe::Empty;
        while pipe != Pipe::Ended {
            let flush = if pipe == Pipe::MayHaveMore {
                // Others have their turn between the pieces of a function that writes without end.
                tokio::task::yield_now().await;
                requests.try_recv().ok()
            } else {
                tokio::select! {
                    ready = self.pipe.readable() => if ready.is_err() { break } else { None },
                    Some(done) = requests.recv() => Some(done),
                }
            };
            pipe = self.read_some();
            if let Some(done) = flush {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
        if !self.line.is_empty() {
            self.write_line();
        }
    }

    /// Reads what is there, and no less than a pipe can hold.
    fn read_some(&mut self) -> Pipe {
        let mut buffer = [0; 16 * 1024];
        for _ in 0..PIECES {
            // Asks the reactor, which clears the readiness; then the pipe itself, because the reactor learns of new
            // data a little later, and a flush must not miss any.
            let read = match self.pipe.try_read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    rustix::io::read(&self.pipe, &mut buffer).map_err(io::Error::from)
                }
                read => read,
            };
            match read.map_err(|error| error.kind()) {
                Ok(0) => return Pipe::Ended,
                Ok(length) => self.take(&buffer[..length]),
                Err(io::ErrorKind::Interrupted) => {}
                Err(io::ErrorKind::WouldBlock) => return Pipe::Empty,
                Err(_) => return Pipe::Ended,
            }
        }
        Pipe::MayHaveMore
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.record.take() {
                Some(record) => self.go_on(record, bytes),
                None => self.take_line(bytes),
            };
        }
    }

    /// Takes what belongs to the record, and gives the rest.
    fn go_on<'a>(&mut self, mut record: Record, bytes: &'a [u8]) -> &'a [u8] {
        let (part, rest) = bytes.split_at(record.left.min(MAX_LINE - record.text.len()).min(bytes.len()));
        record.text.extend_from_slice(part);
        record.left -= part.len();
        if record.left == 0 || record.text.len() == MAX_LINE {
            let text = String::from_utf8_lossy(record.text.strip_suffix(b"\n").unwrap_or(&record.text)).into_owned();
            self.stream.write_application(text, record.level);
            record.text.clear();
        }
        self.record = Some(record).filter(|record| record.left > 0);
        rest
    }

    /// Takes what belongs to the line, and gives the rest.
    fn take_line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (text, rest) = end.map_or((bytes, &[][..]), |end| (&bytes[..end], &bytes[end + 1..]));
        for piece in text.chunks(MAX_LINE) {
            if self.line.len() + piece.len() > MAX_LINE {
                self.write_line();
            }
            self.line.extend_from_slice(piece);
        }
        if end.is_some() {
            self.end_line();
        }
        rest
    }

    /// A line is whole: one of the function's, or the head of a record, which a line may stand before that has no end yet.
    fn end_line(&mut self) {
        let head = memmem(&self.line, &self.mark);
        match head.and_then(|at| Some((at, Record::parse(&self.line[at + self.mark.len()..])?))) {
            Some((at, record)) => {
                self.line.truncate(at);
                self.record = Some(record).filter(|record| record.left > 0);
            }
            None => self.write_line(),
        }
    }

    fn write_line(&mut self) {
        self.stream.write_application(String::from_utf8_lossy(&self.line).into_owned(), None);
        self.line.clear();
    }
}

/// Where `what` begins.
fn memmem(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use crate::lambda::logs::tests::stream_of;

    #[tokio::test]
    async fn lines_arrive_whole_and_a_flush_brings_what_was_written_before_it() {
        let (stream, mut events) = stream_of(|_| {});
        let (out, mut writer) = io::pipe().unwrap();
        let mut output = Output::capture(out.into(), &stream).unwrap();
        writer.write_all(b"one\ntwo\nthr").unwrap();
        output.flush().await;
        let mut next = || events.try_recv().unwrap().message;
        assert_eq!((next(), next()), ("one\n".into(), "two\n".into()));
        writer.write_all(b"ee\n\xff end").unwrap();
        drop(writer);
        output.finish().await;
        assert_eq!((next(), next()), ("three\n".into(), "\u{fffd} end\n".into()));
    }

    #[tokio::test]
    async fn a_line_without_end_is_split_at_the_limit_of_cloudwatch() {
        let (stream, mut events) = stream_of(|_| {});
        let (out, mut writer) = io::pipe().unwrap();
        let mut output = Output::capture(out.into(), &stream).unwrap();
        let written = tokio::task::spawn_blocking(move || writer.write_all(&vec![b'x'; MAX_LINE + 10]));
        written.await.unwrap().unwrap();
        output.finish().await;
        let first = events.try_recv().unwrap().message.len();
        let second = events.try_recv().unwrap().message.len();
        assert!(first <= MAX_LINE + 1, "{first}");
        assert_eq!(first + second, MAX_LINE + 10 + 2);
    }

    #[tokio::test]
    async fn a_record_is_one_event_whatever_it_has_in_it() {
        let (stream, mut events) = stream_of(|_| {});
        let (out, mut writer) = io::pipe().unwrap();
        let mut output = Output::capture(out.into(), &stream).unwrap();
        let record = |text: &str| format!("\x1e{} ERROR {}\n{text}", stream.frame(), text.len());
        writer.write_all(format!("before\nno end {}", record("one\ntwo\n\x1ethree\n")).as_bytes()).unwrap();
        writer.write_all(b" yet\n\x1enot the mark ERROR 3\n").unwrap();
        // A record may come in pieces, and be larger than an event.
        let large = record(&"x".repeat(MAX_LINE + 3));
        let written = tokio::task::spawn_blocking(move || {
            for piece in large.as_bytes().chunks(1000) {
                writer.write_all(piece).unwrap();
            }
        });
        written.await.unwrap();
        output.finish().await;
        let messages: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.message).collect();
        let short: Vec<_> = messages.iter().filter(|message| message.len() < 100).collect();
        assert_eq!(
            short,
            ["before\n", "one\ntwo\n\x1ethree\n", "no end  yet\n", "\x1enot the mark ERROR 3\n", "xxx\n"]
        );
        assert_eq!(messages.len(), 6);
    }
}
