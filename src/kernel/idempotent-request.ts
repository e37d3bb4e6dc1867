/** A request that carried an `Idempotency-Key`, and its answer once there is one (API.md §1.8). */
export interface IdempotentRequest {
  /** SHA-256, hex, of who asked what under which key. */
  readonly id: string;
  /** Who works on it: another holder takes over when that one is gone. */
  readonly holder: string;
  /** Sealed digest of what was asked. */
  readonly requestSealed: string;
  /** Sealed answer; `null` while the first request runs. */
  readonly answerSealed: string | null;
  /** ISO 8601 UTC; afterwards the record counts as absent. */
  readonly heldUntil: string;
}
