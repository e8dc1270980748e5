//! What a function writes to its standard output and error, line by line into its log stream.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe::Receiver;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

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
        let lines = Lines { pipe: Receiver::from_owned_fd(pipe)?, line: Vec::new(), stream: Arc::clone(stream) };
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
    line: Vec<u8>,
    stream: Arc<LogStream>,
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

    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            for piece in text.chunks(MAX_LINE) {
                if self.line.len() + piece.len() > MAX_LINE {
                    self.write_line();
                }
                self.line.extend_from_slice(piece);
            }
            if ended {
                self.write_line();
            }
        }
    }

    fn write_line(&mut self) {
        self.stream.write(String::from_utf8_lossy(&self.line).into_owned());
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[tokio::test]
    async fn lines_arrive_whole_and_a_flush_brings_what_was_written_before_it() {
        let (sender, mut events) = mpsc::unbounded_channel();
        let stream = LogStream::open(Arc::new(sender), "g", "1");
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
        let (sender, mut events) = mpsc::unbounded_channel();
        let stream = LogStream::open(Arc::new(sender), "g", "1");
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
}
