//! `unstale top`: all instances of a namespace, as they are now.

mod screen;
mod view;

use std::io::{self, IsTerminal};
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use self::screen::Screen;
use self::view::View;
use crate::arguments::Target;
use crate::connect::Place;
use crate::failure::{Failure, Verdict};
use crate::output::Output;
use crate::{instances, output};

/// Keys are looked for this often.
const KEYS: Duration = Duration::from_millis(100);

pub(crate) async fn run(
    target: &Target,
    every: Duration,
    output: &mut Output,
) -> Result<Verdict, Failure> {
    if output.is_json() || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return snapshot(target, output).await;
    }
    let place = Place::find(target).await?;
    let view = look(&place).await?;
    let mut screen = Screen::open()?;
    let outcome = live(target, place, view, &mut screen, every).await;
    drop(screen);
    outcome.map(|()| Verdict::Well)
}

/// Without a terminal, or for a program: once.
async fn snapshot(target: &Target, output: &mut Output) -> Result<Verdict, Failure> {
    if output.is_json() {
        return instances::run(target, output).await;
    }
    let place = Place::find(target).await?;
    let view = look(&place).await?;
    output.line(view.plain(output::columns()))?;
    Ok(view.verdict())
}

async fn look(place: &Place) -> Result<View, Failure> {
    let namespace = place.report().await?;
    let instances = place.operator.instances().await?;
    Ok(View::new(
        place.namespace(),
        place.operator.endpoint(),
        namespace,
        instances,
    ))
}

/// Draws until somebody quits, whatever the server does meanwhile.
async fn live(
    target: &Target,
    place: Place,
    mut view: View,
    screen: &mut Screen,
    every: Duration,
) -> Result<(), Failure> {
    let mut looking = Box::pin(look_again(target, place, every));
    loop {
        screen.draw(&view)?;
        if quits(&mut view)? {
            return Ok(());
        }
        tokio::select! {
            (place, looked) = &mut looking => {
                match looked {
                    Ok(now) => view.update(now),
                    Err(failure) => view.lose(&failure.to_string()),
                }
                looking = Box::pin(look_again(target, place, every));
            }
            () = tokio::time::sleep(KEYS) => {}
        }
    }
}

/// Looks after a while. Where that fails, it connects anew for the next time.
async fn look_again(
    target: &Target,
    mut place: Place,
    every: Duration,
) -> (Place, Result<View, Failure>) {
    tokio::time::sleep(every).await;
    let looked = look(&place).await;
    if looked.is_err()
        && let Ok(anew) = Place::find(target).await
    {
        place = anew;
    }
    (place, looked)
}

/// Does what the keys say that were pressed, and whether they say to quit.
fn quits(view: &mut View) -> io::Result<bool> {
    while event::poll(Duration::ZERO)? {
        let Event::Key(key) = event::read()? else {
            continue;
        };
        let interrupts =
            key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        match key.code {
            _ if key.kind != KeyEventKind::Press => {}
            _ if interrupts => return Ok(true),
            KeyCode::Char('q') | KeyCode::Esc => return Ok(true),
            KeyCode::Down | KeyCode::Char('j') => view.scroll(1),
            KeyCode::Up | KeyCode::Char('k') => view.scroll(-1),
            _ => {}
        }
    }
    Ok(false)
}
