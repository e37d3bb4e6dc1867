import type { ChildProcess } from 'node:child_process';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartedChild<T> {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What `ready` found. */
  readonly value: T;
  readonly exited: Promise<Exit>;
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<Exit>;
  /** stdout and stderr so far. */
  output(): string;
}

export function startChild<T>(
  command: string,
  args: readonly string[],
  options: {
    env?: NodeJS.ProcessEnv;
    cwd?: string;
    timeoutMs?: number;
    ready(line: string): T | undefined;
  },
): Promise<StartedChild<T>>;
