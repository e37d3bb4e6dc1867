/** Why the database cannot be used at start, and what to do; the start is refused with this text. */
export class StoreStartError extends Error {
  /** Same shape as the faults of a configuration, so that they print alike. */
  readonly faults: readonly { name: string; problem: string; fix: string }[];

  constructor(problem: string, fix: string, cause?: unknown) {
    super(`DATABASE_URL: ${problem}. ${fix}`, { cause });
    this.name = 'StoreStartError';
    this.faults = [{ name: 'DATABASE_URL', problem, fix }];
  }
}
