//! What `top` shows: a value that can be drawn at any size.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Paragraph, Row, Table};
use unstale::operate::{InstanceReport, NamespaceReport};

use crate::failure::Verdict;
use crate::instances::{columns_of, complaint, listing};
use crate::wording::{count, harmless, place, rate, share};

/// The columns of the table, with their widths; as many as there is room for, the first first.
const COLUMNS: [(&str, u16); 11] = [
    ("NAME", 18),
    ("STATE", 14),
    ("LAG", 6),
    ("PROOF", 7),
    ("READS", 8),
    ("HITS", 6),
    ("REMOVES", 8),
    ("PENDING", 7),
    ("BREAKER", 9),
    ("HEARD", 7),
    ("HOST", 24),
];

/// All instances of a namespace at one moment.
pub(super) struct View {
    head: String,
    instances: Vec<InstanceReport>,
    /// Why the newest look failed.
    lost: Option<String>,
    scrolled: usize,
}

impl View {
    pub(super) fn new(
        namespace: &str,
        endpoint: &str,
        report: NamespaceReport,
        instances: Vec<InstanceReport>,
    ) -> Self {
        let sum = |of: fn(&InstanceReport) -> f64| rate(instances.iter().map(of).sum());
        let head = format!(
            "{} at {}  log {}  {}  {} read  {} removed",
            harmless(namespace),
            harmless(endpoint),
            place(&report.position),
            count(instances.len() as u64, "instance", "instances"),
            sum(|each| each.said.reads_per_second),
            sum(|each| each.said.removals_per_second),
        );
        Self {
            head,
            instances,
            lost: None,
            scrolled: 0,
        }
    }

    /// Takes over what is new, and stays where somebody has scrolled to.
    pub(super) fn update(&mut self, now: Self) {
        let scrolled = self.scrolled;
        *self = now;
        self.scrolled = scrolled;
        self.scroll(0);
    }

    pub(super) fn lose(&mut self, why: &str) {
        self.lost = Some(harmless(why));
    }

    pub(super) fn scroll(&mut self, by: isize) {
        let last = self.instances.len().saturating_sub(1);
        self.scrolled = self.scrolled.saturating_add_signed(by).min(last);
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self.instances.iter().all(|each| complaint(each).is_none()) {
            true => Verdict::Well,
            false => Verdict::Findings,
        }
    }

    /// The same for a pipe.
    pub(super) fn plain(&self, columns: u16) -> String {
        let patterns = self
            .patterns()
            .into_iter()
            .map(|(pattern, [reads, hits])| format!("{reads:>8}  {hits:>6}  {pattern}"));
        let patterns: Vec<_> = patterns.collect();
        format!(
            "{}\n\n{}\n\n   READS    HITS  PATTERN\n{}",
            self.head,
            listing(&self.instances, columns),
            patterns.join("\n"),
        )
    }

    pub(super) fn render(&self, frame: &mut Frame) {
        let patterns = self.patterns();
        let wanted = u16::try_from(patterns.len() + 2).unwrap_or(u16::MAX);
        let area = frame.area();
        let [head, table, below, foot] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Min(2),
            Constraint::Max(wanted.min(area.height / 2)),
            Constraint::Length(1),
        ])
        .areas(area);
        let bold = Style::new().add_modifier(Modifier::BOLD);
        frame.render_widget(Paragraph::new(self.head.as_str()).style(bold), head);
        self.render_instances(frame, table);
        let lines = patterns.iter().map(|(pattern, [reads, hits])| {
            Line::from(format!("{reads:>8}  {hits:>6}  {pattern}"))
        });
        let titled = Block::new()
            .title("   READS    HITS  PATTERN")
            .title_style(bold);
        let lines = Paragraph::new(Text::from_iter(lines)).block(titled);
        frame.render_widget(lines, below);
        let foot_line = match &self.lost {
            Some(why) => Line::styled(why.as_str(), Style::new().fg(Color::Red)),
            None => Line::from("q quits, up and down scroll"),
        };
        frame.render_widget(Paragraph::new(foot_line), foot);
    }

    fn render_instances(&self, frame: &mut Frame, area: Rect) {
        let mut room = area.width;
        let shown = COLUMNS
            .iter()
            .enumerate()
            .take_while(|(index, (_, width))| {
                let fits = *index == 0 || *width < room;
                room = room.saturating_sub(width + 1);
                fits
            });
        let shown: Vec<_> = shown.map(|(_, column)| *column).collect();
        let rows = self.instances.iter().skip(self.scrolled).map(|instance| {
            let texts: BTreeMap<_, _> = columns_of(instance).into_iter().collect();
            let cells = shown
                .iter()
                .map(|(name, _)| texts.get(name).cloned().unwrap_or_default());
            let style = match complaint(instance) {
                Some(_) => Style::new().fg(Color::Red),
                None => Style::new(),
            };
            Row::new(cells.collect::<Vec<_>>()).style(style)
        });
        let widths = shown.iter().map(|(_, width)| Constraint::Length(*width));
        let names: Vec<_> = shown.iter().map(|(name, _)| *name).collect();
        let header = Row::new(names).style(Style::new().add_modifier(Modifier::BOLD));
        frame.render_widget(Table::new(rows, widths).header(header), area);
    }

    /// The patterns of all instances together, the busiest first: reads per second and hit rate.
    fn patterns(&self) -> Vec<(String, [String; 2])> {
        let mut sums: BTreeMap<&str, (f64, u64, u64)> = BTreeMap::new();
        for pulse in self.instances.iter().flat_map(|each| &each.said.patterns) {
            let (reads, requests, hits) = sums.entry(&pulse.pattern).or_default();
            *reads += pulse.reads_per_second;
            *requests += pulse.requests();
            *hits += pulse.l1_hits + pulse.l2_hits;
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by(|(_, a), (_, b)| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        let row = |(pattern, (reads, requests, hits)): (&str, (f64, u64, u64))| {
            let hit_rate = (requests > 0).then(|| hits as f64 / requests as f64);
            (harmless(pattern), [rate(reads), share(hit_rate)])
        };
        sums.into_iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::json;

    use super::*;

    fn instance(name: &str, silent_for: Duration) -> InstanceReport {
        let said = serde_json::from_value(json!({
            "name": name, "host": "\u{1b}[2Jhost", "pid": 7, "interval": 1_000, "healthy": true,
            "proven": true, "breaker": "closed", "reads_per_second": 1234.0, "position": "1-5",
            "patterns": [{ "pattern": "stock:price:*", "reads_per_second": 1234.0, "l1_hits": 3, "misses": 1 }],
        }));
        InstanceReport::new("1f", silent_for, Some(2), said.unwrap())
    }

    fn view(instances: usize) -> View {
        let names = (0..instances).map(|number| format!("instance-{number}"));
        let instances = names.map(|name| instance(&name, Duration::ZERO));
        View::new(
            "shop",
            "localhost:6379",
            NamespaceReport::default(),
            instances.collect(),
        )
    }

    fn drawn(view: &View, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view.render(frame)).unwrap();
        match width {
            0 => String::new(),
            _ => terminal.backend().to_string(),
        }
    }

    #[test]
    fn everything_is_shown_where_there_is_room() {
        let drawn = drawn(&view(3), 140, 20);
        for shown in [
            "shop at localhost:6379",
            "3 instances",
            "instance-0",
            "instance-2",
            "well",
        ] {
            assert!(drawn.contains(shown), "{shown}:\n{drawn}");
        }
        for shown in ["HOST", "stock:price:*", "75.0%", "1234/s", "q quits"] {
            assert!(drawn.contains(shown), "{shown}:\n{drawn}");
        }
        assert!(!drawn.contains('\u{1b}'));
    }

    #[test]
    fn any_size_can_be_drawn() {
        for (width, height) in [(20, 5), (1, 1), (20, 1), (80, 24), (400, 100), (0, 0)] {
            for instances in [0, 1, 200] {
                drawn(&view(instances), width, height);
            }
        }
        let small = drawn(&view(2), 20, 5);
        assert!(
            small.contains("NAME") && small.contains("instance-0"),
            "{small}"
        );
    }

    #[test]
    fn scrolling_stays_within_the_list() {
        let mut view = view(3);
        view.scroll(-5);
        assert_eq!(view.scrolled, 0);
        view.scroll(50);
        assert_eq!(view.scrolled, 2);
        assert!(!drawn(&view, 80, 10).contains("instance-1"));
        view.update(self::view(1));
        assert_eq!(view.scrolled, 0);
    }

    #[test]
    fn who_is_silent_is_said_to_be() {
        let silent = vec![instance("gone", Duration::from_secs(45))];
        let view = View::new("shop", "here", NamespaceReport::default(), silent);
        assert_eq!(view.verdict(), Verdict::Findings);
        assert!(view.plain(u16::MAX).contains("silent for 45 s"));
        assert!(drawn(&view, 80, 10).contains("silent for"));
    }

    #[test]
    fn a_lost_server_is_said() {
        let mut view = view(1);
        view.lose("cannot reach localhost:6379");
        assert!(drawn(&view, 80, 10).contains("cannot reach"));
    }
}
