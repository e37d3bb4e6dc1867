import { type CallRecord, callIdAt } from '../kernel/call-record.js';

/** A call as its Trail leaves it: cheap to make, turned into a record when its batch is written. */
export interface PendingCall extends Omit<CallRecord, 'id' | 'at' | 'client'> {
  readonly callId: string;
  /** When the call began, ms since 1970. */
  readonly atMs: number;
  /** `clientInfo` as JSON text; `null` when the client told none. */
  readonly clientInfo: string | null;
}

const MAX_CLIENT_CHARS = 255;

/** Request ids are the clients' choice and may repeat; the keys of records must not. */
let serial = 0;

/** The record; its id sorts by time and stays unique when a process id comes again. */
export function toRecord(call: PendingCall): CallRecord {
  // Written out: a rest and a spread cost as much as the insert.
  return {
    id: `${callIdAt(call.atMs)}-${(serial++).toString(36)}-${call.callId}`,
    at: isoTime(call.atMs),
    principal: call.principal,
    client: clientName(call.clientInfo),
    serverId: call.serverId,
    gateway: call.gateway,
    tool: call.tool,
    method: call.method,
    outcome: call.outcome,
    durationMs: call.durationMs,
    requestBytes: call.requestBytes,
    resultBytes: call.resultBytes,
    ip: call.ip,
  };
}

let second = 0;
let secondText = '';

/** ISO 8601 UTC with milliseconds; most records of a batch share their second. */
function isoTime(atMs: number): string {
  const whole = Math.floor(atMs);
  const ms = whole % 1000;
  if (whole - ms !== second) {
    second = whole - ms;
    secondText = new Date(second).toISOString().slice(0, 20);
  }
  return `${secondText}${String(ms).padStart(3, '0')}Z`;
}

const names = new Map<string, string | null>();
const MAX_NAMES = 1000;

/** Clients repeat: each way of naming itself is read once. */
function clientName(clientInfo: string | null): string | null {
  if (clientInfo === null) return null;
  const known = names.get(clientInfo);
  if (known !== undefined) return known;
  const name = readName(clientInfo);
  if (names.size < MAX_NAMES) names.set(clientInfo, name);
  return name;
}

function readName(clientInfo: string): string | null {
  let info: { name?: unknown; version?: unknown } | null;
  try {
    info = JSON.parse(clientInfo) as typeof info;
  } catch {
    return null; // one odd entry must not hold up its batch
  }
  if (typeof info?.name !== 'string') return null;
  const version = typeof info.version === 'string' ? `/${info.version}` : '';
  return `${info.name}${version}`.slice(0, MAX_CLIENT_CHARS);
}
