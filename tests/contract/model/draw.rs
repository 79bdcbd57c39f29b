//! The random choice of the next step.
//!
//! Most requests are valid and use existing keys. Otherwise most answers would be the same few refusals.

use tests::fault::Fault;

use super::ask::{Ask, Member, NO_UUID, Shown, Trouble};
use super::walk::Walk;

const HOUR: u64 = 3_600_000;

impl Walk {
    /// Advances the time: not at all, a little, or to the end of a key, a chain or a stored answer. In the last case,
    /// returns a request that depends on it.
    pub(super) fn move_on(&mut self) -> Option<Ask> {
        let passed = match self.rng.below(16) {
            0..=4 => 0,
            5..=6 => self.now.next_multiple_of(1_000) - self.now,
            7..=8 => self.rng.below(1_500),
            9 => self.rng.below(2 * HOUR),
            10 if self.rng.one_in(2) => self.rng.below(30 * HOUR),
            11 if self.rng.one_in(8) => self.rng.below(400 * 24 * HOUR),
            10 | 11 => 1,
            _ => return self.move_to_an_end(),
        };
        self.now += passed;
        None
    }

    fn move_to_an_end(&mut self) -> Option<Ask> {
        let (end, focus) = if self.rng.one_in(2) {
            let lasting: Vec<_> = self.repeatable.iter().filter(|ask| self.outlasts_its_memo(ask)).cloned().collect();
            let ask = self.rng.pick(&lasting)?.clone();
            (self.forgotten_at(&ask)?, ask)
        } else {
            let ask = self.fresh();
            let shown = self.key()?;
            let Shown::Key { id, .. } = &shown else {
                return None;
            };
            let key = self.model.keys.get(id)?;
            let end = if self.rng.one_in(4) { key.chain_expires_at } else { key.expires_at };
            let genuine = Shown::Key { id: id.clone(), genuine: true };
            (end, Ask { shown: genuine, ..ask })
        };
        // Moves to an end in the far future are rare, since few keys are valid afterwards.
        if end * 1000 > self.now + 30 * HOUR && !self.rng.one_in(8) {
            return None;
        }
        let moment = (end * 1000).saturating_add_signed(self.rng.one_of([-1_000, -999, -1, 0, 1, 500, 1_000]));
        self.now = self.now.max(moment);
        Some(focus)
    }

    /// Whether the caller is still valid when the stored answer expires.
    fn outlasts_its_memo(&self, ask: &Ask) -> bool {
        self.forgotten_at(ask).is_some_and(|end| match &ask.shown {
            Shown::Key { id, .. } => self.model.keys.get(id).is_some_and(|key| key.expires_at > end),
            _ => end * 1000 > self.now,
        })
    }

    fn forgotten_at(&self, ask: &Ask) -> Option<u64> {
        let mut memos = self.model.memos.iter().filter(|((_, value), _)| Some(value) == ask.value.as_ref());
        memos.next().map(|(_, memo)| memo.expires_at)
    }

    /// Chooses a request: the one for the last move, an earlier one, or a new one.
    pub(super) fn draw(&mut self, step: u64, focus: Option<Ask>) -> Ask {
        let recent = self.repeatable.len().saturating_sub(4);
        let again = self.rng.pick(&self.repeatable[recent..]).cloned();
        let again = again.filter(|ask| match &ask.shown {
            Shown::Key { id, .. } => self.is_able(id) || self.rng.one_in(6),
            _ => true,
        });
        let mut ask = match (focus, again) {
            (Some(focus), _) => focus,
            (None, Some(again)) if self.rng.one_in(3) => self.changed(again),
            _ => self.fresh(),
        };
        if ask.name.is_empty() {
            ask.name = format!("step {step}");
        }
        if let Shown::Token { expires_at, .. } = &mut ask.shown {
            *expires_at = self.now / 1000 + if self.rng.one_in(10) { self.rng.below(2) } else { 600 };
        }
        ask.ids = [self.id(8), self.id(4)];
        ask.trouble = self.trouble(ask.value.is_some());
        if ask.value.as_deref().is_some_and(|value| value != NO_UUID) {
            self.repeatable.push(ask.clone());
        }
        ask
    }

    fn fresh(&mut self) -> Ask {
        let shown = self.shown();
        let (level, expires_in) = (self.level(&shown), self.expires_in(&shown));
        let value = match self.rng.below(9) {
            0..=2 => Some(self.uuid()),
            3 if self.rng.one_in(8) => Some(NO_UUID.to_owned()),
            _ => None,
        };
        Ask {
            shown,
            name: String::new(),
            level,
            expires_in,
            value,
            ids: [String::new(), String::new()],
            trouble: Trouble::None,
        }
    }

    /// An earlier request, unchanged or with one part changed.
    fn changed(&mut self, mut ask: Ask) -> Ask {
        match self.rng.below(12) {
            0 => ask.name = String::new(),
            1 => ask.level = self.level(&ask.shown),
            2 => ask.expires_in = self.expires_in(&ask.shown),
            3 => ask.shown = self.shown(),
            4..=6 => match &mut ask.shown {
                Shown::Token { role, .. } if self.rng.one_in(3) => *role = Some(4),
                Shown::Token { user, .. } => *user = 61 + self.rng.below(3),
                shown => *shown = self.key().unwrap_or(Shown::Nothing),
            },
            _ => {}
        }
        ask
    }

    pub(super) fn shown(&mut self) -> Shown {
        match self.rng.below(20) {
            0 => self.rng.one_of([Shown::Nothing, Shown::OtherScheme, Shown::Several, Shown::Malformed]),
            1..=7 => self.token(),
            _ => self.key().unwrap_or_else(|| self.token()),
        }
    }

    fn token(&mut self) -> Shown {
        let level = if self.rng.one_in(8) { self.number(0, 3) } else { self.number(4, 9) };
        Shown::Token {
            user: 61 + self.rng.below(3),
            role: Some(level).filter(|_| !self.rng.one_in(20)),
            status: if self.rng.one_in(20) { self.number(-1, 0) } else { 1 },
            expires_at: 0,
            genuine: !self.rng.one_in(20),
        }
    }

    /// A key from an earlier answer: usually one that is valid and may create keys, sometimes any.
    fn key(&mut self) -> Option<Shown> {
        let able: Vec<_> = self.answered.iter().filter(|id| self.is_able(id)).cloned().collect();
        let among = if self.rng.one_in(8) { &self.answered } else { &able };
        let id = self.rng.pick(among)?.clone();
        let id = if self.rng.one_in(25) { self.uuid() } else { id };
        Some(Shown::Key { id, genuine: !self.rng.one_in(16) })
    }

    fn is_able(&self, id: &str) -> bool {
        self.model.lives(id, self.now) && self.model.keys[id].level >= 4
    }

    fn level(&mut self, shown: &Shown) -> Member {
        let own = match shown {
            Shown::Token { role, .. } => role.unwrap_or(4),
            Shown::Key { id, .. } => self.model.keys.get(id).map_or(4, |key| key.level),
            _ => 4,
        };
        match self.rng.below(16) {
            0 => self.odd(),
            1..=5 => Member::Whole(self.number(-1, 12)),
            6 => Member::Whole(own + 1),
            7..=12 => Member::Whole(own.min(8)),
            _ => Member::Whole((own - 1).clamp(0, 8)),
        }
    }

    fn expires_in(&mut self, shown: &Shown) -> Member {
        let limit = self.model.limit;
        let begins = i64::try_from(self.now.div_ceil(1000)).unwrap();
        let chain = match shown {
            Shown::Key { id, .. } => self.model.keys.get(id).map(|key| key.chain_expires_at),
            _ => None,
        };
        let left = chain.map_or(limit, |chain| i64::try_from(chain).unwrap() - begins);
        match self.rng.below(16) {
            0 => self.odd(),
            1 => Member::Whole(self.number(-1, 2)),
            2 => Member::Whole(limit + self.number(-1, 1)),
            3..=6 => Member::Whole(left + self.rng.one_of([-1, 0, 0, 1])),
            7..=8 => Member::Whole(limit.min(self.number(1, 60))),
            _ => Member::Whole(limit.min(self.number(1, 200_000))),
        }
    }

    fn odd(&mut self) -> Member {
        self.rng.one_of([Member::Absent, Member::Null, Member::Text, Member::Fraction])
    }

    /// Permanent faults are rare, since all tests of this process share the SDK's retry budget.
    fn trouble(&mut self, in_transaction: bool) -> Trouble {
        // DynamoDB never sends a success without a request id.
        let hollow =
            Fault::Respond { status: 200, content_type: "application/x-amz-json-1.0".into(), body: "{}".into() };
        let for_good = self.rng.one_of([Fault::dynamodb(400, "AccessDeniedException"), hollow]);
        let failed = Fault::dynamodb(500, "InternalServerError");
        let passing = self.rng.one_of([Fault::Reset, failed, Fault::ApplyThenLose, Fault::Truncate]);
        match self.rng.below(40) {
            0 => Trouble::Reads(for_good),
            1 => Trouble::Writes(for_good),
            2 => Trouble::Replies,
            3..=5 => Trouble::Once(passing),
            6..=8 if in_transaction => Trouble::Overtaken,
            _ => Trouble::None,
        }
    }

    /// An id. One id in `times` is the id of another key. A revoked key has lost its hash, so the id of a new key that
    /// meets it would count as its own.
    fn id(&mut self, times: u64) -> String {
        let is_living = |id: &&String| self.model.keys.get(*id).is_some_and(|key| key.revoked.is_none());
        let taken: Vec<_> = self.ever.keys().filter(is_living).cloned().collect();
        let taken = self.rng.pick(&taken).cloned().filter(|_| self.rng.one_in(times));
        taken.unwrap_or_else(|| self.uuid())
    }

    pub(super) fn number(&mut self, least: i64, most: i64) -> i64 {
        least.saturating_add_unsigned(self.rng.below((most - least).unsigned_abs() + 1))
    }

    pub(super) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid().to_string()
    }

    pub(super) fn bytes(&mut self) -> [u8; 16] {
        [(); 16].map(|()| u8::try_from(self.rng.below(256)).unwrap())
    }
}
