import type { Call, CallEvent, Calls, CallView, Over } from './call.ts';

/** The next state of the calls of this page. Pure: what comes late, twice, or of another call, does no harm. */
export function reduce(state: Calls, event: CallEvent): Calls {
  const { call } = state;
  switch (event.type) {
    case 'placed':
      if (call !== null) return state;
      return { ...state, call: begun(event.peerId, event.callType, 'caller', 'placing'), over: null, trouble: null };
    case 'named':
      if (call?.phase !== 'placing') return state;
      return { ...state, call: { ...call, callId: event.callId, role: event.role, phase: 'calling' } };
    case 'incoming':
      return incoming(state, event.call);
    case 'answering':
      return call?.phase === 'incoming' ? { ...state, call: { ...call, phase: 'answering' }, trouble: null } : state;
    case 'joined':
      return joined(state, event.view, event.now);
    case 'answered':
      return call === null || call.callId === null || call.phase === 'active' ? state : { ...state, call: active(call, event.now) };
    case 'ended': {
      const { callId, reason, endedBy } = event.ended;
      const elsewhere = state.elsewhere?.callId === callId && reason !== 'answered_elsewhere' ? null : state.elsewhere;
      const known = { ...state, elsewhere };
      return call !== null && call.callId === callId ? over(known, call, { ended: reason, endedBy }, event.now) : known;
    }
    case 'left': {
      if (call === null) return state;
      const ended = call.phase === 'active' ? 'hangup' : call.role === 'caller' ? 'cancelled' : 'rejected';
      return over({ ...state, elsewhere: null }, call, { ended, endedBy: state.me }, event.now);
    }
    case 'refused':
      return call === null ? state : over(state, call, { refused: event.refusal }, event.now);
    case 'current':
      return current(state, event.view);
    case 'link':
      return changed(state, { link: event.state });
    case 'peer_status':
      return changed(state, { peer: event.status });
    case 'peer_away':
      return changed(state, { peerAway: event.away });
    case 'away':
      return changed(state, { away: true });
    case 'trouble':
      // Without a microphone it is not answered, and rings on.
      return { ...state, trouble: event.trouble, call: call?.phase === 'answering' && event.trouble?.device === 'microphone' ? { ...call, phase: 'incoming' } : call };
    case 'dismissed':
      return { ...state, over: null, trouble: null };
  }
}

function begun(peerId: string, type: Call['type'], role: Call['role'], phase: Call['phase'], callId: string | null = null): Call {
  const peer = { microphone: true, camera: type === 'video' };
  return { callId, peerId, type, role, phase, activeSince: null, link: 'connecting', peerAway: false, away: false, peer };
}

/** It is told again whenever the connection is found again. While we call somebody the server rejects others, or makes the two one call. */
function incoming(state: Calls, { callId, callerId, type }: { callId: string; callerId: string; type: Call['type'] }): Calls {
  if (state.call !== null) return state;
  return { ...state, call: begun(callerId, type, 'callee', 'incoming', callId), over: null, trouble: null, elsewhere: null };
}

function joined(state: Calls, view: CallView, now: number): Calls {
  if (state.call?.callId !== view.callId) return state;
  const call = { ...state.call, role: view.role, type: view.type, away: false };
  if (view.state !== 'active') return { ...state, call };
  const since = view.answeredAt === null ? now : Math.min(now, Date.parse(view.answeredAt));
  return { ...state, elsewhere: null, call: { ...active(call, since), peerAway: !view.peerConnected && call.activeSince !== null } };
}

function active(call: Call, since: number): Call {
  return { ...call, phase: 'active', activeSince: call.activeSince ?? since };
}

function over(state: Calls, call: Call, why: Over['why'], now: number): Calls {
  const durationMs = call.activeSince === null ? null : Math.max(0, now - call.activeSince);
  return { ...state, call: null, over: { peerId: call.peerId, type: call.type, role: call.role, why, durationMs } };
}

/** What rang here while the connection was lost, and does no more, was over meanwhile; how, only the log knows. */
function current(state: Calls, view: CallView | null): Calls {
  const { call } = state;
  const rings = view?.state === 'ringing' && view.role === 'callee';
  if (call?.phase === 'incoming' && !(rings && view.callId === call.callId)) return { ...state, call: null, elsewhere: view?.state === 'active' ? view : null };
  const elsewhere = call === null && view !== null && !rings ? view : null;
  return { ...state, elsewhere };
}

function changed(state: Calls, change: Partial<Call>): Calls {
  return state.call === null ? state : { ...state, call: { ...state.call, ...change } };
}
