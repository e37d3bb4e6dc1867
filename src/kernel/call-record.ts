import type { Outcome } from './call.js';

/** One line of the call log (API.md §7.3 `/calls`): what was asked, by whom, how it ended. No contents. */
export interface CallRecord {
  /** Unique; sorts by time; ends with the id that logs and errors name. */
  readonly id: string;
  /** When the call began, ISO 8601 UTC. */
  readonly at: string;
  readonly principal: string;
  /** `name/version` of the client's `clientInfo`; `null` when it told none. */
  readonly client: string | null;
  readonly serverId: string | null;
  /** Name of the Gateway it went to; `null` when it reached none. */
  readonly gateway: string | null;
  /** Exposed name of the tool or prompt, or the URI of the resource. */
  readonly tool: string | null;
  readonly method: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly resultBytes: number;
  readonly ip: string;
}

/**
 * What the ids of calls that began then start with: ids sort by time, so the key is the only index
 * that the call log needs.
 * @param atMs ms since 1970
 */
export function callIdAt(atMs: number): string {
  return Math.floor(atMs).toString(36).padStart(9, '0');
}
