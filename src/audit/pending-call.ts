import type { CallRecord } from '../kernel/call-record.js';

/** A call as its Trail leaves it: cheap to make, turned into a record when its batch is written. */
export interface PendingCall extends Omit<CallRecord, 'id' | 'at' | 'client'> {
  readonly callId: string;
  /** When the call began, ms since 1970. */
  readonly atMs: number;
  /** `clientInfo` as JSON text; `null` when the client told none. */
  readonly clientInfo: string | null;
}

const MAX_CLIENT_CHARS = 255;

/** The record; its id sorts by time and stays unique when a process id comes again. */
export function toRecord({ callId, atMs, clientInfo, ...rest }: PendingCall): CallRecord {
  return {
    ...rest,
    id: `${Math.floor(atMs).toString(36).padStart(9, '0')}-${callId}`,
    at: new Date(atMs).toISOString(),
    client: clientName(clientInfo),
  };
}

function clientName(clientInfo: string | null): string | null {
  if (clientInfo === null) return null;
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
