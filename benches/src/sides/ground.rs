use std::path::PathBuf;

use busway_testkit::brokers::RabbitMq;

use crate::BoxError;
use crate::place::{self, Desk};

/// What the sides meet on: each run of a side has a spot of its own there, which nobody used
/// before.
#[derive(Debug)]
pub enum Ground {
    /// The process of each client.
    Memory,
    /// A RabbitMQ for all runs, as it takes seconds to start; a virtual host for each, so that no
    /// queue takes in what is sent in another.
    RabbitMq(Box<RabbitMq>),
    /// A desk broker for each run: this program, which [plays](crate::place::play) it.
    Desk(PathBuf),
}

/// Where a run takes place; what was made for it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Spot<'a> {
    port: String,
    vhost: String,
    broker: Option<u32>,
    kept: Kept<'a>,
}

#[derive(Debug)]
enum Kept<'a> {
    Nothing,
    Vhost(&'a RabbitMq),
    /// It ends when this is dropped.
    Broker {
        _desk: Desk,
    },
}

impl Ground {
    pub(super) fn spot(&self) -> Result<Spot<'_>, BoxError> {
        match self {
            Self::Memory => Ok(Spot {
                port: String::new(),
                vhost: String::new(),
                broker: None,
                kept: Kept::Nothing,
            }),
            Self::RabbitMq(broker) => Ok(Spot {
                port: broker.address().port().to_string(),
                vhost: broker.add_vhost()?,
                broker: Some(place::pid(broker)?),
                kept: Kept::Vhost(broker),
            }),
            Self::Desk(program) => {
                let desk = Desk::start(program)?;
                let (port, broker) = (desk.port().to_owned(), Some(desk.pid()));
                Ok(Spot { port, vhost: String::new(), broker, kept: Kept::Broker { _desk: desk } })
            }
        }
    }
}

impl Spot<'_> {
    /// The process of the broker, where there is one.
    pub(super) fn broker(&self) -> Option<u32> {
        self.broker
    }

    /// A side's words, with the place filled in: `{port}`, `{vhost}`.
    pub(super) fn fill(&self, words: &[String]) -> Vec<String> {
        let fill =
            |word: &String| word.replace("{port}", &self.port).replace("{vhost}", &self.vhost);
        words.iter().map(fill).collect()
    }
}

impl Drop for Spot<'_> {
    fn drop(&mut self) {
        if let Kept::Vhost(broker) = self.kept {
            // Whoever comes next has another one.
            let _ = broker.delete_vhost(&self.vhost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_told_where_its_run_takes_place() {
        let spot =
            Spot { port: "5672".into(), vhost: "v".into(), broker: None, kept: Kept::Nothing };
        let words = ["name".to_owned(), "pika://127.0.0.1:{port}/{vhost}?a=b".to_owned()];
        assert_eq!(spot.fill(&words), ["name", "pika://127.0.0.1:5672/v?a=b"]);
    }
}
