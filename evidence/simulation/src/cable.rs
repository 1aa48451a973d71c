//! One connection between an instance and the hub, and everything that may happen to what it
//! carries.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use unstale::evidence::{Later, Purpose, Reply, Request, Said, What, Wire};

use crate::client::Row;
use crate::random::Random;
use crate::setting::FASTEST;
use crate::site::Site;

/// A connection: what is sent over it arrives in the order it was sent in, if it arrives.
pub(crate) struct Cable {
    site: Arc<Site>,
    number: u64,
    pub(crate) instance: usize,
    pub(crate) purpose: Purpose,
    /// The process at the other end.
    generation: u64,
    state: Mutex<State>,
    gone: Notify,
}

struct State {
    random: Random,
    /// When the last thing that was sent arrives at the hub, and at the instance.
    up_at: u64,
    down_at: u64,
    /// The hub believes in the connection.
    is_open: bool,
    /// Nothing comes back any more; what is on its way to the hub may still get there.
    cut: Option<Cut>,
    /// The instance knows that it is gone.
    is_gone: bool,
    /// What never arrives, while somebody waits for it.
    lost: Vec<Box<dyn Send>>,
}

#[derive(Copy, Clone)]
struct Cut {
    lets_through: bool,
}

/// What happens to one message.
enum Accident {
    /// It takes longer than a command may.
    Late,
    /// The connection ends before it arrives.
    Before,
    /// The connection ends after it was executed.
    After,
    /// The connection ends at once, and it is executed late.
    LeftBehind,
    /// The connection is dead, and nobody notices.
    Silence,
}

impl Cable {
    pub(crate) fn new(site: &Arc<Site>, number: u64, instance: usize, purpose: Purpose) -> Self {
        let state = State {
            random: Random::of(&[site.seed, 2, number, instance as u64, purpose as u64]),
            up_at: 0,
            down_at: 0,
            is_open: true,
            cut: None,
            is_gone: false,
            lost: Vec::new(),
        };
        Self {
            site: site.clone(),
            number,
            instance,
            purpose,
            generation: 0,
            state: Mutex::new(state),
            gone: Notify::new(),
        }
    }

    /// To the hub's present process.
    pub(crate) fn into_generation(mut self, generation: u64) -> Arc<Self> {
        self.generation = generation;
        Arc::new(self)
    }

    pub(crate) fn is_in_use(&self) -> bool {
        !self.state.lock().is_gone
    }

    /// The connection ends. The instance notices, or does not; what is on its way to the hub may
    /// still get there.
    pub(crate) fn cut(&self, noticed: bool, lets_through: bool) {
        let lost = {
            let mut state = self.state.lock();
            state.cut.get_or_insert(Cut { lets_through });
            state.is_open &= !noticed;
            state.is_gone |= noticed;
            if noticed {
                std::mem::take(&mut state.lost)
            } else {
                Vec::new()
            }
        };
        self.note(
            1,
            format_args!("is cut{}", if noticed { "" } else { ", unnoticed" }),
        );
        if noticed {
            self.gone.notify_waiters();
        }
        drop(lost);
    }

    fn note(&self, kind: u64, words: std::fmt::Arguments<'_>) {
        self.note_with(kind, [0; 3], words);
    }

    fn note_with(&self, kind: u64, [one, two, three]: [u64; 3], words: std::fmt::Arguments<'_>) {
        let purpose = match self.purpose {
            Purpose::Commands => "line",
            Purpose::Log => "feed",
        };
        self.site.trace.note(
            &[2, kind, self.number, one, two, three],
            format_args!(
                "    {purpose} {} of {}: {words}",
                self.number, self.instance
            ),
        );
    }

    /// How long the next message takes, and what happens to it.
    fn draw(&self, state: &mut State) -> (u64, Option<Accident>) {
        let slowest = self.site.setting.ways[self.instance].of(self.purpose);
        // Most are fast, some are slow.
        let slowest = match state.random.below(4) {
            0 => slowest,
            1 => slowest / 2,
            _ => slowest / 4,
        };
        let takes = state.random.within(FASTEST..=FASTEST.max(slowest));
        if !state.random.chance(self.site.storm()) {
            return (takes, None);
        }
        self.site.count_accident();
        let accident = match state.random.below(10) {
            0..3 => Accident::Late,
            3..5 => Accident::Before,
            5..7 => Accident::After,
            7..9 => Accident::LeftBehind,
            _ => Accident::Silence,
        };
        let late = match accident {
            Accident::Late | Accident::LeftBehind => state
                .random
                .within(0..=2 * 1000 * self.site.setting.command_timeout),
            _ => 0,
        };
        (takes + late, Some(accident))
    }

    fn arrive(self: Arc<Self>, request: Request) {
        let now = self.site.clock.now();
        let at = self
            .site
            .awake_at()
            .max(self.site.passable_at(self.instance, self.purpose));
        if at > now {
            let network = self.site.network.clone();
            return network.at(at, move || self.arrive(request));
        }
        let cut = self.state.lock().cut;
        if cut.is_some_and(|cut| !cut.lets_through) || self.generation != self.site.generation() {
            self.note(2, format_args!("{} is lost", request.what));
            return self.lose(Box::new(request.serve));
        }
        let Request { what, serve } = request;
        let cable = self.clone();
        serve(Box::new(move |reply| cable.answer(&what, reply)));
    }

    /// The hub has done what it was asked for.
    fn answer(self: Arc<Self>, what: &What, reply: Reply) {
        let [said, one, two] = number_of(&reply.said);
        self.note_with(3, [said, one, two], format_args!("{what}: {}", reply.said));
        match (what, &reply.said) {
            (What::Invalidate(message), Said::Appended(_)) => self.site.ledger.executed(message),
            (What::Store(_, values), Said::Appended(_)) => {
                let rows = values.iter().filter_map(|value| Row::decode(value));
                rows.for_each(|row| self.site.ledger.stored(row.value()));
            }
            (What::Fence(_), Said::Fenced(fenced)) => {
                self.site.ledger.fenced(fenced.history);
            }
            _ => {}
        }
        self.send_back(reply.deliver);
    }

    fn send_back(self: Arc<Self>, deliver: Box<dyn FnOnce() + Send>) {
        let at = {
            let mut state = self.state.lock();
            let (takes, _) = self.draw(&mut state);
            state.down_at = (state.down_at + 1).max(self.site.clock.now() + takes);
            state.down_at
        };
        let network = self.site.network.clone();
        network.at(at, move || self.deliver(deliver));
    }

    fn deliver(self: Arc<Self>, deliver: Box<dyn FnOnce() + Send>) {
        let at = self.site.passable_at(self.instance, self.purpose);
        if at > self.site.clock.now() {
            let network = self.site.network.clone();
            return network.at(at, move || self.deliver(deliver));
        }
        if self.state.lock().cut.is_some() {
            return self.lose(deliver);
        }
        deliver();
    }

    /// Somebody may wait for it, for as long as he believes in the connection.
    fn lose(&self, lost: Box<dyn Send>) {
        let mut state = self.state.lock();
        if !state.is_gone {
            state.lost.push(lost);
        }
    }

    fn befall(self: &Arc<Self>, accident: &Accident, at: u64) {
        let (cut_at, noticed, lets_through) = match accident {
            Accident::Late => return,
            // In the nanosecond before, or after.
            Accident::Before => (at.saturating_sub(1), true, false),
            Accident::After => (at + 1, true, false),
            Accident::LeftBehind => (self.site.clock.now() + 1, true, true),
            Accident::Silence => (at.saturating_sub(1), false, false),
        };
        let cable = self.clone();
        self.site
            .network
            .at(cut_at, move || cable.cut(noticed, lets_through));
    }
}

impl Wire for Cable {
    fn send(self: Arc<Self>, request: Request) {
        self.note(0, format_args!("{}?", request.what));
        let (at, accident) = {
            let mut state = self.state.lock();
            let (takes, accident) = self.draw(&mut state);
            state.up_at = (state.up_at + 1).max(self.site.clock.now() + takes);
            (state.up_at, accident)
        };
        if let Some(accident) = accident {
            self.befall(&accident, at);
        }
        let network = self.site.network.clone();
        network.at(at, move || self.arrive(request));
    }

    fn push(self: Arc<Self>, what: What, deliver: Box<dyn FnOnce() + Send>) {
        let is_lost = {
            let mut state = self.state.lock();
            // A cache that is slow to take what is published loses it.
            self.site.is_deaf(self.instance) || state.random.chance(self.site.storm())
        };
        if is_lost {
            return self.note(4, format_args!("{what} is lost"));
        }
        self.note(5, format_args!("{what}"));
        self.send_back(deliver);
    }

    fn close(&self) {
        if self.is_in_use() {
            self.cut(true, true);
        }
    }

    fn is_open(&self) -> bool {
        self.state.lock().is_open && self.generation == self.site.generation()
    }

    fn gone(&self) -> Later<'_, ()> {
        Box::pin(async {
            loop {
                let gone = self.gone.notified();
                if !self.is_in_use() {
                    return;
                }
                gone.await;
            }
        })
    }
}

fn number_of(said: &Said) -> [u64; 3] {
    match said {
        Said::Done => [0, 0, 0],
        Said::No => [1, 0, 0],
        Said::Nothing => [2, 0, 0],
        Said::Found(stamp) => [3, stamp.epoch, stamp.seq],
        Said::Fenced(fenced) => [4, fenced.history.nonce, fenced.tail],
        Said::Appended(appended) => [5, appended.history.nonce, appended.seq],
        Said::NotFenced => [6, 0, 0],
        Said::Full => [7, 0, 0],
        Said::Entries(count) => [8, *count as u64, 0],
    }
}
