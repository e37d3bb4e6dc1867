import { randomBytes } from 'node:crypto';
import type { Call, IncomingTrace } from '../kernel/call.js';
import type { Members } from '../kernel/json-members.js';
import { scanJson } from '../kernel/json-scan.js';

/** Members of `_meta` that speak of the trace (26 Overview §_meta). */
export const TRACE_KEYS = ['traceparent', 'tracestate', 'baggage'] as const;

/** W3C Trace Context §traceparent; later versions may say more after it. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;
const VISIBLE = /^[\x20-\x7e]+$/;
const MAX_STATE_LENGTH = 512;
/** It can carry secrets across borders (PROTOCOL.md §9). */
const MAX_BAGGAGE_LENGTH = 8192;
const SAMPLED = 1;
/** Flags that we know: sampled, and that the trace id is random. */
const KNOWN_FLAGS = 3;

/** What a request says upwards of its trace. */
export interface OutgoingTrace {
  /** Inside of `_meta`. */
  readonly meta: string;
  /** Names and values, one after the other. */
  readonly headers: readonly string[];
}

export interface TraceRules {
  /** Keys of `baggage` that go on. */
  readonly allowedBaggage: readonly string[];
  /** Whether the client may ask for sampling: those who are known. */
  readonly maySample: boolean;
}

/**
 * The trace of a leg: the client's, under a span of our own. `_meta` counts before the headers; what is
 * malformed is left out.
 * @returns `null` where there is nothing to say
 */
export function outgoingTrace(
  meta: Members | undefined,
  header: IncomingTrace | null,
  rules: TraceRules,
): OutgoingTrace | null {
  if (header === null && (meta === undefined || !TRACE_KEYS.some((key) => meta.has(key))))
    return null;
  const said = spoken(meta, header);
  const parts: [string, string][] = [];
  const parent = said.find(({ traceparent }) => parentOf(traceparent) !== null);
  const trace = parentOf(parent?.traceparent);
  if (trace !== null) parts.push(['traceparent', ownSpan(trace, rules.maySample)]);
  const state = parent?.tracestate ?? '';
  if (state.length <= MAX_STATE_LENGTH && VISIBLE.test(state)) parts.push(['tracestate', state]);
  const baggage = allowed(said, rules.allowedBaggage);
  if (baggage !== '') parts.push(['baggage', baggage]);
  if (parts.length === 0) return null;
  return {
    meta: parts.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join(','),
    headers: parts.flat(),
  };
}

/** The id of the trace that a call is part of, for logs; `undefined` where it says none. */
export function traceIdOf({ message, trace }: Pick<Call, 'message' | 'trace'>): string | undefined {
  const raw = message.params?.object('_meta');
  const said = spoken(raw === undefined ? undefined : scanJson(raw).top, trace);
  for (const { traceparent } of said) {
    const parent = parentOf(traceparent);
    if (parent !== null) return parent.traceId;
  }
  return undefined;
}

/** Who speaks of the trace, those who count first. */
function spoken(meta: Members | undefined, header: IncomingTrace | null): Partial<IncomingTrace>[] {
  const inMeta = Object.fromEntries(TRACE_KEYS.map((key) => [key, meta?.string(key)]));
  return [inMeta, header ?? {}];
}

interface Parent {
  readonly traceId: string;
  readonly flags: number;
}

/** `null` where it is absent or malformed. */
function parentOf(traceparent: string | undefined): Parent | null {
  const [, version, traceId, flags, more] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || flags === undefined) return null;
  if (version === '00' && more !== undefined) return null;
  return { traceId, flags: parseInt(flags, 16) & KNOWN_FLAGS };
}

function ownSpan({ traceId, flags }: Parent, maySample: boolean): string {
  return `00-${traceId}-${spanId()}-0${String(maySample ? flags : flags & ~SAMPLED)}`;
}

/** Eight bytes, not all of them zero. */
function spanId(): string {
  const bytes = randomBytes(8);
  bytes[0] = (bytes[0] as number) | 1;
  return bytes.toString('hex');
}

function allowed(said: readonly Partial<IncomingTrace>[], keys: readonly string[]): string {
  const baggage = said.find((one) => one.baggage)?.baggage ?? '';
  if (keys.length === 0 || baggage.length > MAX_BAGGAGE_LENGTH || !VISIBLE.test(baggage)) return '';
  return baggage
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => keys.includes((entry.split(/[=;]/, 1)[0] ?? '').trim()))
    .join(',');
}
