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
