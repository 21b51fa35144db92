//! What texts say, remembered: an account's alarms all act on the same few topics, and thousands
//! of accounts have the same few filters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longer texts are read again: no document of AWS is as long, and what is kept stays small.
const LONGEST: usize = 64 * 1024;

/// What was read from texts, by the text.
#[derive(Debug)]
pub(crate) struct Remembered<T> {
    most: usize,
    known: Mutex<HashMap<String, Arc<T>>>,
}

impl<T> Remembered<T> {
    /// Remembers so many texts at once.
    pub(crate) fn up_to(most: usize) -> Self {
        Self {
            most,
            known: Mutex::default(),
        }
    }

    /// What the text says: as it is known, or as `read` has it. Errors are not remembered.
    pub(crate) fn of<E>(
        &self,
        text: &str,
        read: impl FnOnce(&str) -> Result<Arc<T>, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(known) = self.lock().get(text) {
            return Ok(Arc::clone(known));
        }
        let value = read(text)?;
        if text.len() <= LONGEST {
            let mut known = self.lock();
            if known.len() >= self.most {
                known.clear();
            }
            known.insert(text.to_owned(), Arc::clone(&value));
        }
        Ok(value)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<T>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_while_there_is_room_and_errors_and_long_texts_every_time() {
        let lengths = Remembered::up_to(2);
        let (short, other, third) = ("a", "bb", "ccc");
        let long = "x".repeat(LONGEST + 1);
        let mut read = Vec::new();
        for text in [short, other, short, third, short, &long, &long, "", ""] {
            let length = lengths.of(text, |text| {
                read.push(text.len());
                if text.is_empty() {
                    Err(())
                } else {
                    Ok(Arc::new(text.len()))
                }
            });
            assert_eq!(
                length,
                if text.is_empty() {
                    Err(())
                } else {
                    Ok(Arc::new(text.len()))
                }
            );
        }
        assert_eq!(read, [1, 2, 3, 1, LONGEST + 1, LONGEST + 1, 0, 0]);
    }
}
