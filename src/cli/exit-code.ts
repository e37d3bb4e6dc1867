/** What the command answers the shell (OPERATIONS.md §1.3). */
export const EXIT = {
  done: 0,
  usage: 1,
  /** A check says no. */
  negative: 2,
  /** The wrapper was not told where to (OPERATIONS.md §1.5). */
  noUrl: 2,
  denied: 3,
  unreachable: 4,
  invalid: 6,
  timedOut: 124,
  interrupted: 130,
  terminated: 143,
  configuration: 78,
} as const;

/** Ends the command with one sentence on stderr: what, to what, what next. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}
