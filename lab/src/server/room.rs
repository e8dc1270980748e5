//! Room for connections: how many there are at once, and whose place a newcomer gets when all are taken.
//!
//! Somebody who opens connections and says nothing must not keep others out, and one connection more must not cost the lab
//! the file descriptors that its functions need. So places are few, and when all are taken the connection that has been idle
//! longest is closed for the newcomer: a client that keeps one for its next call opens another, as after any time-out.
//! One whose call is being served is never closed for another.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Resource, getrlimit};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How many connections are open at once, at the most.
const MOST: usize = 1024;

/// The places.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    seats: Mutex<Seats>,
    /// A place was left, or its connection became idle: a newcomer that waits looks again.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Seats {
    /// The number of the next place, and of the next time that a connection becomes idle.
    next: u64,
    taken: HashMap<u64, CancellationToken>,
    /// The places whose connections are idle, since the longest first.
    idle: BTreeMap<u64, u64>,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Arc<Room>,
    id: u64,
    idle_since: Mutex<Option<u64>>,
    leave: CancellationToken,
}

impl Room {
    /// As many places as the process may open files, but for the half that is left to functions and their packages.
    pub(super) fn of_this_process() -> Arc<Self> {
        let files = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok());
        Self::for_most(files.map_or(MOST, |files| (files / 2).clamp(1, MOST)))
    }

    pub(super) fn for_most(most: usize) -> Arc<Self> {
        Arc::new(Self { most, seats: Mutex::default(), changed: Notify::new() })
    }

    /// A place for a newcomer: a free one, or that of the connection that is idle longest. Waits while every place has a
    /// call that is being served.
    pub(super) async fn enter(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_enter() {
                return place;
            }
            self.changed.notified().await;
        }
    }

    fn try_enter(self: &Arc<Self>) -> Option<Place> {
        let mut seats = self.seats();
        if seats.taken.len() >= self.most {
            // Its place is taken from it here, not when it has heard of it: who comes next looks at another.
            let (_, longest) = seats.idle.pop_first()?;
            if let Some(leave) = seats.taken.remove(&longest) {
                leave.cancel();
            }
        }
        let id = seats.number();
        let since = seats.number();
        let leave = CancellationToken::new();
        seats.taken.insert(id, leave.clone());
        seats.idle.insert(since, id);
        Some(Place { room: Arc::clone(self), id, idle_since: Mutex::new(Some(since)), leave })
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Place {
    /// Waits until the place is wanted for another connection.
    pub(super) async fn wanted(&self) {
        self.leave.cancelled().await;
    }

    /// Keeps the place while a call is served; it is idle again once what this returns is dropped.
    pub(super) fn busy(&self) -> Busy<'_> {
        let mut seats = self.room.seats();
        if let Some(since) = self.idle_since().take() {
            seats.idle.remove(&since);
        }
        Busy(self)
    }

    fn idle_since(&self) -> MutexGuard<'_, Option<u64>> {
        self.idle_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut seats = self.room.seats();
        seats.taken.remove(&self.id);
        if let Some(since) = self.idle_since().take() {
            seats.idle.remove(&since);
        }
        drop(seats);
        self.room.changed.notify_one();
    }
}

/// A call is being served.
#[derive(Debug)]
pub(super) struct Busy<'a>(&'a Place);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut seats = self.0.room.seats();
        // Whoever was told to leave has no place any more.
        if seats.taken.contains_key(&self.0.id) {
            let since = seats.number();
            seats.idle.insert(since, self.0.id);
            *self.0.idle_since() = Some(since);
        }
        drop(seats);
        self.0.room.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn the_longest_idle_leaves_for_a_newcomer_and_who_is_served_stays() {
        let room = Room::for_most(3);
        let places = [room.enter().await, room.enter().await, room.enter().await];
        let served = places[0].busy();
        drop(places[1].busy());
        let fourth = room.enter().await;
        assert_eq!(
            places.each_ref().map(|place| place.leave.is_cancelled()),
            [false, false, true],
            "idle since it came"
        );
        let fifth = room.enter().await;
        assert!(places[1].leave.is_cancelled() && !places[0].leave.is_cancelled());
        let all = (fourth.busy(), fifth.busy());
        let mut waits = pin!(room.enter());
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "all are served");
        drop(served);
        let _sixth = waits.await;
        places[0].wanted().await;
        drop(all);
    }

    #[tokio::test]
    async fn a_place_that_is_left_is_free() {
        let room = Room::for_most(1);
        let first = room.enter().await;
        let busy = first.busy();
        let waits = tokio::spawn({
            let room = Arc::clone(&room);
            async move { room.enter().await }
        });
        drop(busy);
        drop(first);
        let second = waits.await.unwrap();
        drop(second);
        assert!(room.seats().taken.is_empty() && room.seats().idle.is_empty());
    }
}
