//! The calls of a run, in the order in which they leave this process: what a rehearsal is made for.
//!
//! A call is written down once, by its first attempt. What is written down may hold secrets, and is for this process alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alert_drill_lab::observed::{self, Asked};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use bytes::Bytes;

/// The calls so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape(Arc<Mutex<Vec<Taped>>>);

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Taped {
    /// What it asks for.
    pub(crate) asked: Asked,
    /// Its body: a form, where the service is EC2.
    pub(crate) body: Bytes,
}

impl Tape {
    /// Writes a call down, unless it is none of a service that is known.
    pub(super) fn note(&self, request: &HttpRequest) {
        let body = Bytes::copy_from_slice(request.body().bytes().unwrap_or_default());
        let mut parts = hyper::Request::builder().method(request.method()).uri(request.uri());
        for (name, value) in request.headers() {
            parts = parts.header(name, value);
        }
        let Ok(request) = parts.body(()) else { return };
        if let Some(asked) = observed::asked(&request.into_parts().0, &body) {
            self.lock().push(Taped { asked, body });
        }
    }

    /// Writes down a call that is made elsewhere.
    pub(super) fn write(&self, asked: Asked) {
        self.lock().push(Taped { asked, body: Bytes::new() });
    }

    /// How many calls there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Taped> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Taped>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
