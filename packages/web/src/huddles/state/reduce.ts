import type { Huddle, HuddleEvent, Huddles, JoinReply, Participant } from './huddle.ts';

/** The next state of the huddle of this page. Pure: what comes late or twice does no harm. */
export function reduce(state: Huddles, event: HuddleEvent): Huddles {
  switch (event.type) {
    case 'joining':
      return { ...state, huddle: begun(event.id, state.me), over: null, trouble: null };
    case 'trouble':
      return { ...state, trouble: event.trouble };
    case 'dismissed':
      return { ...state, over: null, trouble: null };
    case 'over':
      return state.huddle === null ? state : { ...state, huddle: null, over: { id: state.huddle.id, why: event.why } };
    case 'joined':
    case 'came':
    case 'changed':
    case 'went':
    case 'link':
    case 'away':
      return state.huddle === null ? state : { ...state, huddle: inside(state.huddle, event) };
  }
}

function inside(huddle: Huddle, event: Exclude<HuddleEvent, { type: 'joining' | 'trouble' | 'dismissed' | 'over' }>): Huddle {
  switch (event.type) {
    case 'joined':
      return joined(huddle, event.reply);
    case 'came':
    case 'changed':
      return event.participant.userId === huddle.me ? huddle : withOthers(huddle, put(huddle.others, event.participant));
    case 'went':
      return withOthers(huddle, huddle.others.filter(({ ref }) => ref !== event.ref));
    case 'link':
      if (!huddle.others.some(({ ref }) => ref === event.ref)) return huddle;
      return { ...huddle, links: { ...huddle.links, [event.ref]: event.state } };
    case 'away':
      return { ...huddle, away: true };
  }
}

function begun(id: string, me: string): Huddle {
  return { id, me, phase: 'joining', away: false, view: null, others: [], ref: null, earlier: [], links: {} };
}

function joined(huddle: Huddle, { huddle: view, participants }: JoinReply): Huddle {
  const others = participants.filter(({ userId }) => userId !== huddle.me);
  const own = participants.findIndex(({ userId }) => userId === huddle.me);
  const ref = participants[own]?.ref ?? null;
  const earlier = participants.slice(0, Math.max(0, own)).map((participant) => participant.ref);
  // With another place of one's own the others connect anew.
  const links = huddle.ref === ref ? huddle.links : {};
  return withOthers({ ...huddle, phase: 'in', away: false, view, ref, earlier, links }, others);
}

/** A user has one place: a new `ref` takes the place of the old one. */
function put(others: readonly Participant[], participant: Participant): readonly Participant[] {
  const known = others.some(({ userId }) => userId === participant.userId);
  return known ? others.map((one) => (one.userId === participant.userId ? participant : one)) : [...others, participant];
}

function withOthers(huddle: Huddle, others: readonly Participant[]): Huddle {
  const links = Object.fromEntries(Object.entries(huddle.links).filter(([ref]) => others.some((one) => one.ref === ref)));
  return { ...huddle, others, links };
}
