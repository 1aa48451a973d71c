//! The right to insert one value into L1, once.

use super::*;

/// What happened while a value was being loaded has to keep it out of L1.
fn is_refused_after(meanwhile: impl FnOnce(&mut Instance)) -> bool {
    let mut instance = Instance::following(5, start());
    let ticket = instance.partition.open_ticket(&"a:1".into());
    let stamp = instance.partition.known();
    meanwhile(&mut instance);
    !instance.keep(ticket, "a:1", &["red"], stamp)
}

#[test]
fn a_load_that_nothing_disturbs_is_kept() {
    assert!(!is_refused_after(|_| ()));
}

#[test]
fn a_ticket_is_good_for_one_insertion() {
    let mut instance = Instance::following(5, start());
    let ticket = instance.partition.open_ticket(&"a:1".into());
    assert!(instance.keep(ticket, "a:1", &[], at(5)));
    assert!(!instance.keep(ticket, "a:1", &[], at(5)));
}

#[test]
fn a_removal_that_arrives_revokes_it() {
    assert!(is_refused_after(|instance| {
        instance.receive(6, &[key("a:1")], start());
    }));
    assert!(!is_refused_after(|instance| {
        instance.receive(6, &[key("a:2")], start());
    }));
}

#[test]
fn a_ban_that_arrives_revokes_it() {
    for ban in [
        pattern("a:*"),
        pattern("a:?"),
        pattern("*1"),
        pattern("a:1"),
        everything(),
    ] {
        assert!(is_refused_after(|instance| {
            instance.receive(6, &[ban], start());
        }));
    }
    assert!(!is_refused_after(|instance| {
        instance.receive(6, &[pattern("b:*"), pattern("?:2")], start());
    }));
}

/// The tags of a value are unknown before it is loaded.
#[test]
fn a_tag_ban_revokes_every_ticket_of_the_partition() {
    assert!(is_refused_after(|instance| {
        instance.receive(6, &[tag("red")], start());
    }));
    assert!(is_refused_after(|instance| {
        instance.receive(6, &[tag("blue")], start());
    }));
}

#[test]
fn a_new_epoch_revokes_it() {
    assert!(is_refused_after(|instance| {
        instance.adopt(NEXT, 1);
    }));
}

#[test]
fn a_resynchronisation_revokes_it() {
    assert!(is_refused_after(|instance| {
        instance.partition.lose_track();
        instance.resume(HISTORY, 5, &[], start());
    }));
}

/// ! Revoke at the start: the load may have read the source before the commit, however late the
/// acknowledgement comes.
#[test]
fn an_own_removal_revokes_it_when_it_begins() {
    let refused = is_refused_after(|instance| {
        instance.begin(&key("a:1"), start());
        instance.partition.end(&key("a:1"), 1, start());
    });
    assert!(refused);
}

/// Drop and revoke once more at the acknowledgement.
#[test]
fn an_own_removal_revokes_it_when_it_is_acknowledged() {
    let mut instance = Instance::following(5, start());
    for change in [key("a:1"), pattern("a:*"), tag("red"), everything()] {
        instance.begin(&change, start());
        let ticket = instance.partition.open_ticket(&"a:1".into());
        let seq = instance.partition.known().seq + 1;
        assert!(instance.acknowledge(&change, at(seq), start()));
        assert!(
            !instance.keep(ticket, "a:1", &["red"], at(seq)),
            "{change:?}"
        );
    }
}

/// While anything of ours is unacknowledged, not even a ticket opened after it began helps.
#[test]
fn nothing_is_kept_while_a_removal_is_pending() {
    for change in [
        key("a:1"),
        pattern("a:*"),
        pattern("a?1"),
        tag("red"),
        everything(),
    ] {
        let mut instance = Instance::following(5, start());
        instance.begin(&change, start());
        let ticket = instance.partition.open_ticket(&"a:1".into());
        assert!(!instance.keep(ticket, "a:1", &["red"], at(5)), "{change:?}");
    }
}

/// ! Pending is counted per removal: the first acknowledgement of two does not end it.
#[test]
fn two_removals_of_a_key_are_pending_until_both_are_acknowledged() {
    for change in [key("a:1"), pattern("a:*"), tag("red")] {
        let mut instance = Instance::following(5, start());
        instance.begin(&change, start());
        instance.begin(&change, start());
        assert!(instance.acknowledge(&change, at(6), start()));
        let ticket = instance.partition.open_ticket(&"a:1".into());
        assert!(!instance.keep(ticket, "a:1", &["red"], at(6)), "{change:?}");
        assert!(instance.acknowledge(&change, at(7), start()));
        instance.hold("a:1", &["red"], at(7));
    }
}

/// A value stamped before a ban that arrived before the ticket was opened, as a late fill in L2
/// may be.
#[test]
fn an_older_stamp_than_a_known_ban_is_refused_under_a_live_ticket() {
    let mut instance = Instance::following(5, start());
    instance.receive(6, &[pattern("a:*")], start());
    let ticket = instance.partition.open_ticket(&"a:1".into());
    assert!(!instance.keep(ticket, "a:1", &[], at(5)));
    instance.hold("a:1", &[], at(6));
}

#[test]
fn a_stamp_of_another_epoch_is_refused_under_a_live_ticket() {
    let mut instance = Instance::following(5, start());
    assert!(instance.resume(NEXT, 3, &[], start()));
    let ticket = instance.partition.open_ticket(&"a:1".into());
    assert!(!instance.keep(ticket, "a:1", &[], at(900)));
}

#[test]
fn nothing_is_left_of_keys_that_nothing_goes_on_for() {
    let mut instance = Instance::following(5, start());
    for round in 0..100 {
        let name = format!("a:{round}");
        let ticket = instance.lead(&name, start());
        instance.begin(&key(&name), start());
        instance.partition.land(&name, ticket);
        instance.acknowledge(&key(&name), at(6 + round), start());
        let ticket = instance.partition.open_ticket(&name.as_str().into());
        instance.partition.land(&name, ticket);
    }
    let left = format!("{:?}", instance.partition);
    assert!(!left.contains("a:"), "{left}");
}
