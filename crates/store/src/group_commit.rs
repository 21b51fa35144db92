//! Writing what many tasks bring, one transaction after the other: a transaction costs about the
//! same for one thing as for ten, so each takes whatever has come while the last one ran. Whoever
//! brought something waits until it is committed.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::error::StoreError;

type Told = oneshot::Sender<Result<(), StoreError>>;

/// Brings things of one kind to the store, several a transaction. Its writer ends with the last clone.
#[derive(Debug)]
pub struct GroupCommit<T> {
    waiting: mpsc::Sender<(T, Told)>,
}

impl<T> Clone for GroupCommit<T> {
    fn clone(&self) -> Self {
        Self {
            waiting: self.waiting.clone(),
        }
    }
}

impl<T: Send + Sync + 'static> GroupCommit<T> {
    /// Starts the writer. `write` writes all that it is given, or nothing of it; it is given at
    /// most `largest` at once. The first of them waits for `gathering`, so that others can come.
    pub fn start<W>(largest: usize, gathering: Duration, write: W) -> Self
    where
        W: for<'a> Fn(&'a [T]) -> BoxFuture<'a, Result<(), StoreError>> + Send + Sync + 'static,
    {
        let (waiting, incoming) = mpsc::channel(largest * 2);
        tokio::spawn(write_all(incoming, largest, gathering, write));
        Self { waiting }
    }

    /// Brings one thing; returns when it is committed, or why it could not be. What nobody waits for
    /// any more is written all the same.
    pub async fn put(&self, thing: T) -> Result<(), StoreError> {
        let (told, answer) = oneshot::channel();
        if self.waiting.send((thing, told)).await.is_ok()
            && let Ok(answer) = answer.await
        {
            return answer;
        }
        // Without the writer the runtime is going down, and this task with it.
        std::future::pending().await
    }
}

async fn write_all<T, W>(
    mut incoming: mpsc::Receiver<(T, Told)>,
    largest: usize,
    gathering: Duration,
    write: W,
) where
    W: for<'a> Fn(&'a [T]) -> BoxFuture<'a, Result<(), StoreError>>,
{
    while let Some((first, told)) = incoming.recv().await {
        if !gathering.is_zero() {
            tokio::time::sleep(gathering).await;
        }
        let (mut things, mut tellers) = (vec![first], vec![told]);
        while things.len() < largest
            && let Ok((more, told)) = incoming.try_recv()
        {
            things.push(more);
            tellers.push(told);
        }
        match written(write(&things)).await {
            // One of them may be what is not accepted: the others are not to suffer for it.
            Err(error) if things.len() > 1 && !ends_everything(&error) => {
                for (thing, told) in things.iter().zip(tellers) {
                    let alone = written(write(std::slice::from_ref(thing)));
                    let _ = told.send(alone.await);
                }
            }
            answer => {
                // Those who came meanwhile would wait for the same.
                if answer.as_ref().is_err_and(ends_everything) {
                    while let Ok((_, told)) = incoming.try_recv() {
                        tellers.push(told);
                    }
                }
                // A task that has been stopped meanwhile does not listen.
                for told in tellers {
                    let _ = told.send(answer.clone());
                }
            }
        }
    }
}

/// The outcome; a panic is one of those that refuse a thing, and not the end of the writer.
async fn written(writing: BoxFuture<'_, Result<(), StoreError>>) -> Result<(), StoreError> {
    let ended = AssertUnwindSafe(writing).catch_unwind().await;
    ended.unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(StoreError::Bug {
            message: message.unwrap_or_default(),
        })
    })
}

/// Whether the next thing would be refused for the same reason.
fn ends_everything(error: &StoreError) -> bool {
    error.is_transient() || matches!(error, StoreError::DiskFull { .. })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures::future::join_all;

    use super::*;

    /// What was written, one entry for each transaction.
    type Written = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Refuses what contains 13 or 99, with which the disk is full; 7 is a bug.
    fn commits(largest: usize) -> (GroupCommit<u32>, Written) {
        let written = Written::default();
        let log = Arc::clone(&written);
        let commits = GroupCommit::start(largest, Duration::from_millis(50), move |things| {
            log.lock().unwrap().push(things.to_vec());
            let things = things.to_vec();
            Box::pin(async move {
                assert!(!things.contains(&7), "it is 7");
                if things.contains(&99) {
                    Err(StoreError::DiskFull {
                        location: String::new(),
                    })
                } else if things.contains(&13) {
                    Err(StoreError::corrupt("a thing", &"it is 13"))
                } else {
                    Ok(())
                }
            })
        });
        (commits, written)
    }

    async fn outcome(largest: usize, things: &[u32]) -> (Vec<bool>, Vec<Vec<u32>>) {
        let (commits, written) = commits(largest);
        let answers = join_all(things.iter().map(|thing| commits.put(*thing))).await;
        let bug = StoreError::Bug {
            message: "it is 7".to_owned(),
        };
        for (thing, answer) in things.iter().zip(&answers) {
            assert_eq!(*thing == 7, *answer == Err(bug.clone()));
        }
        let written = written.lock().unwrap().clone();
        (answers.iter().map(Result::is_ok).collect(), written)
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_together_is_written_together() {
        let (fine, written) = outcome(3, &[1, 2, 3, 4]).await;
        assert_eq!(fine, [true; 4]);
        assert_eq!(written, [vec![1, 2, 3], vec![4]]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_accepted_takes_nothing_else_with_it() {
        let (fine, written) = outcome(3, &[1, 13, 3]).await;
        assert_eq!(fine, [true, false, true]);
        assert_eq!(written, [vec![1, 13, 3], vec![1], vec![13], vec![3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_refuse_everything_is_tried_once_for_all_who_wait() {
        let (fine, written) = outcome(3, &[1, 99, 3, 4, 5, 6, 8]).await;
        assert_eq!(fine, [false; 7]);
        assert_eq!(written, [vec![1, 99, 3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_bug_is_told_to_whom_it_meets_and_the_writer_goes_on() {
        let (fine, written) = outcome(2, &[1, 7, 3]).await;
        assert_eq!(fine, [true, false, true]);
        assert_eq!(written, [vec![1, 7], vec![1], vec![7], vec![3]]);
    }
}
