//! The content encoding `aws-chunked`: a body in chunks that may be signed each, with a checksum behind the last.
//!
//! Source: *Signature calculations for the Authorization header: transferring payload in multiple chunks* and *… with
//! trailing headers* in the S3 API reference.

use bytes::{Buf, Bytes, BytesMut};

use crate::gateway::error::AwsError;

/// A decoded body, and the headers that stood behind it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) body: Bytes,
    pub(super) trailers: Vec<(String, String)>,
}

/// Decodes a whole body. Signatures of chunks are read over: the lab holds no secrets.
pub(super) fn decode(mut encoded: Bytes) -> Result<Decoded, AwsError> {
    let mut body = BytesMut::with_capacity(encoded.len());
    loop {
        let header = line(&mut encoded)?;
        let size = header.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| incomplete("a chunk's size is not a number"))?;
        if size == 0 {
            break;
        }
        if !encoded.get(size..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
            return Err(incomplete("a chunk is not as long as it says"));
        }
        body.extend_from_slice(&encoded.split_to(size));
        encoded.advance(2);
    }
    let mut trailers = Vec::new();
    while !encoded.is_empty() {
        let trailer = line(&mut encoded)?;
        if let Some((name, value)) = trailer.split_once(':') {
            trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Ok(Decoded { body: body.freeze(), trailers })
}

/// Takes a line off the front, without its end.
fn line(encoded: &mut Bytes) -> Result<String, AwsError> {
    let end = encoded.windows(2).position(|pair| pair == b"\r\n").ok_or_else(|| incomplete("a line has no end"))?;
    let line = encoded.split_to(end);
    encoded.advance(2);
    String::from_utf8(line.to_vec()).map_err(|_| incomplete("a line is not text"))
}

fn incomplete(what: &str) -> AwsError {
    let message = format!(
        "You did not provide the number of bytes specified by the Content-Length HTTP header (aws-chunked: {what})"
    );
    AwsError::bad_request("IncompleteBody", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_become_one_body_and_the_trailer_is_kept() {
        let signed = b"4;chunk-signature=ab\r\nalar\r\n1;chunk-signature=cd\r\nm\r\n0;chunk-signature=ef\r\n\
                       x-amz-checksum-crc32: AAAAAA==\r\nx-amz-trailer-signature:12\r\n\r\n";
        let decoded = decode(Bytes::from_static(signed)).unwrap();
        assert_eq!(decoded.body, "alarm");
        assert_eq!(decoded.trailers[0], ("x-amz-checksum-crc32".to_owned(), "AAAAAA==".to_owned()));
        assert_eq!(decode(Bytes::from_static(b"0\r\n\r\n")).unwrap(), Decoded::default());
    }

    #[test]
    fn a_body_that_was_cut_off_is_refused() {
        for cut in [&b"5\r\nalar"[..], b"5\r\nalarm", b"x\r\n", b"5", b"ffffffffffffffff\r\nalarm\r\n"] {
            assert_eq!(decode(Bytes::from_static(cut)).unwrap_err().code, "IncompleteBody");
        }
    }
}
