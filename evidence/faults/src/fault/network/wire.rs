//! A whole way to the server: cut, silent, late.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use testbed::{Direction, Proxy};
use tokio::time::sleep;

use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::Field,
};

/// Something that is done to a proxy, and ended with everything else that was done to it.
pub(super) struct Wire {
    whom: Whom,
    hold: Duration,
    noticed: bool,
    breaks: Breaks,
}

/// What is done.
enum Breaks {
    /// At once.
    Once(Box<dyn Fn(&Proxy) + Send + Sync>),
    /// In turns, with such pauses between them.
    Turns {
        times: u32,
        pause: Duration,
        turns: [fn(&Proxy) -> Result<()>; 2],
    },
}

impl Wire {
    pub(super) fn cut(draw: &mut Draw<'_>) -> Self {
        Self::noticed(draw, |proxy| proxy.cut())
    }

    pub(super) fn black_hole(draw: &mut Draw<'_>) -> Self {
        Self::noticed(draw, |proxy| proxy.black_hole(Direction::Both))
    }

    /// What we say is lost, and what we hear goes on.
    pub(super) fn deaf_server(draw: &mut Draw<'_>) -> Self {
        Self::noticed(draw, |proxy| proxy.black_hole(Direction::ToServer))
    }

    /// What we say is done, and we do not hear of it.
    pub(super) fn deaf_client(draw: &mut Draw<'_>) -> Self {
        Self::noticed(draw, |proxy| proxy.black_hole(Direction::ToClient))
    }

    pub(super) fn long_delay(draw: &mut Draw<'_>) -> Self {
        let delay = draw.longer_than_max_staleness();
        Self::noticed(draw, move |proxy| proxy.delay(Direction::ToClient, delay))
    }

    /// Everything arrives in the end, all at once.
    pub(super) fn slow_reader(draw: &mut Draw<'_>) -> Self {
        Self::noticed(draw, |proxy| proxy.stall(Direction::ToClient))
    }

    /// Slow enough to be felt, fast enough for every timeout, or not quite.
    pub(super) fn delay(draw: &mut Draw<'_>) -> Self {
        let delay = draw.millis(5..=90);
        Self {
            whom: draw.whom(),
            hold: draw.millis(300..=900),
            noticed: false,
            breaks: Breaks::Once(Box::new(move |proxy| proxy.delay(Direction::Both, delay))),
        }
    }

    pub(super) fn blink(draw: &mut Draw<'_>) -> Self {
        Self {
            whom: draw.whom(),
            hold: draw.millis(0..=200),
            noticed: false,
            breaks: Breaks::Once(Box::new(Proxy::cut)),
        }
    }

    /// Connections do not live long.
    pub(super) fn flapping(draw: &mut Draw<'_>) -> Self {
        let drops = |proxy: &Proxy| {
            proxy.drop_connections();
            Ok(())
        };
        Self::in_turns(draw, 3..=60, [drops, drops])
    }

    /// Nothing for a while, then all of it at once.
    pub(super) fn gushes(draw: &mut Draw<'_>) -> Self {
        let holds = |proxy: &Proxy| {
            proxy.stall(Direction::ToClient);
            Ok(())
        };
        Self::in_turns(draw, 20..=120, [holds, |proxy| Ok(proxy.heal()?)])
    }

    fn in_turns(
        draw: &mut Draw<'_>,
        pause: std::ops::RangeInclusive<u64>,
        turns: [fn(&Proxy) -> Result<()>; 2],
    ) -> Self {
        let times = draw.random().u32(3..10);
        Self {
            whom: draw.whom(),
            hold: Duration::ZERO,
            noticed: false,
            breaks: Breaks::Turns {
                times,
                pause: draw.millis(pause),
                turns,
            },
        }
    }

    /// Lasts long enough that it has to be noticed.
    fn noticed(draw: &mut Draw<'_>, breaks: impl Fn(&Proxy) + Send + Sync + 'static) -> Self {
        Self {
            whom: draw.whom(),
            hold: draw.longer_than_max_staleness(),
            noticed: true,
            breaks: Breaks::Once(Box::new(breaks)),
        }
    }
}

#[async_trait]
impl Fault for Wire {
    fn expects(&self) -> Expectation {
        if self.noticed {
            Expectation::Silence(self.whom)
        } else {
            Expectation::Nothing
        }
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        let instances = field.instances(self.whom);
        let proxies = || instances.iter().map(|instance| instance.proxy());
        let began = clock::now();
        match &self.breaks {
            Breaks::Once(breaks) => proxies().for_each(breaks),
            Breaks::Turns {
                times,
                pause,
                turns,
            } => {
                for _ in 0..*times {
                    for turn in turns {
                        proxies().try_for_each(turn)?;
                        sleep(*pause).await;
                    }
                }
            }
        }
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        field.heal_network()
    }
}
